from . import c as inner
