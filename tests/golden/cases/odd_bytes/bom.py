TEXT = "bom"
