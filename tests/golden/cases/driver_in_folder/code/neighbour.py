from pack.inner import NAME as other
NAME = 'next to ' + other
