// A layer whose sources are all headers still needs one translation unit.
