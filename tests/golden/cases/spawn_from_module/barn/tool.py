import sys
from barn import hay
if __name__ == "__main__":
    print(sys.argv[1:], hay.BALES)
