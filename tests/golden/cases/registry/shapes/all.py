from shapes import round_ones, square
