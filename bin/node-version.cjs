// Plain JavaScript of an old kind: on a Node that is too old it must still parse, to say so.
'use strict';

var required = [24, 21];
var found = process.versions.node.split('.').map(Number);

/** What is wrong with the Node that runs this, in one line; undefined where nothing is. */
exports.fault =
  found[0] < required[0] || (found[0] === required[0] && found[1] < required[1])
    ? 'airlock needs Node.js ' + required.join('.') + ' or later; this is ' + process.version + '.'
    : undefined;
