def go():
    import back
    return back.VALUE
