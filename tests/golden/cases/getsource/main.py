# %%
import inspect, os
import shown
print(inspect.getsource(shown.f), end="")
print(inspect.getsource(shown.C), end="")
print(inspect.getcomments(shown.f), inspect.getsourcelines(shown.f)[1], os.path.basename(inspect.getfile(shown)))
print(inspect.getsource(shown) == open(shown.__file__).read())
