// Nothing that comes as data can give every object of the page a new property: what all objects inherit from is sealed
// before any other script runs.
"use strict";
for (const kind of [Object, Array, Function, String, Number, Boolean]) Object.seal(kind.prototype);
