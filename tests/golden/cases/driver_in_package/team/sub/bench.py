from .. import SIZE
seats = SIZE // 2
