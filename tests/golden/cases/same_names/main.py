# %%
import area, length
from area import measure, UNIT
print(measure(3), UNIT, length.measure(3), length.UNIT, area.helper(), length.helper())
