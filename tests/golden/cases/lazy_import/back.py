VALUE = 'back'
