raise RuntimeError('nobody has asked for this app')
