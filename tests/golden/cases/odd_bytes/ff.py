TEXT = '	'
