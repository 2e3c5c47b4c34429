import sys
def finish():
    with open("result.txt", "w") as file:
        file.write("kept")
    sys.exit(3)
