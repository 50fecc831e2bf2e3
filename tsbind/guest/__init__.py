"""The guest: QuickJS-ng, our C glue and a JavaScript bootstrap, built into `_data/guest.wasm`.

`*.c` is the glue: protocol, JSON, the operation table.  `js/*.js` is the bootstrap, evaluated once
when the image is built.  Each file holds one function expression, called with `native`:

    native.log(level, text)     add a console line; level is log, info, warn, error or debug
    native.call(op, args)       ask the host for a call; returns a promise
    native.kind(path)           0 no such name, 1 namespace, 2 operation, 3 both
    native.names()              the operation table: names between line feeds
    native.random()             a seeded 32-bit unsigned integer, apart from Math.random's series
    native.onStart(f)           f(roots) runs when a program starts with roots other than ["api"]
    native.callError(f)         f(op, failure) makes the Error that a failed call rejects with

The files run in the order of `JS` in `image.py`, before any program, so what they capture in
variables no program can change.  Everything they define is part of the image: its parsing costs
nothing at run time.

`build.py` is the build hook, `image.py` makes the pre-initialised image.  Neither is needed, nor
imported, at run time.
"""
