# %%
import quiet
import argparse, os, sys
print(os.path.basename(sys.argv[0]), sys.argv[1:])
# %%
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=3)
    print("driver", parser.parse_args().n, quiet.NAME)
