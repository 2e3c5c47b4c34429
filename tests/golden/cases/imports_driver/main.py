# %%
import helper

VALUE = 40
ran = [__name__]
# %%
def grow(n):
    return VALUE + n
# %%
if __name__ == "__main__":
    print(helper.use(), ran)
    import main
    print(main.ran, main.VALUE, main.grow is grow)
