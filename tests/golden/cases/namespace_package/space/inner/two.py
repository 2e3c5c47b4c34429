from space.one import NAME as other
NAME = (__name__, other)
