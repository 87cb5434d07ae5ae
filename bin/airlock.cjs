#!/usr/bin/env node
// Plain JavaScript of an old kind: on a Node that is too old it must still parse, to say so.
'use strict';

var required = [24, 21];
var found = process.versions.node.split('.').map(Number);

if (found[0] < required[0] || (found[0] === required[0] && found[1] < required[1])) {
  console.error('airlock needs Node.js ' + required.join('.') + ' or later; this is ' + process.version + '.');
  process.exitCode = 1;
} else {
  import('../dist/host/cli/main.js').then(
    function (cli) {
      return cli.main(process.argv);
    },
    function (error) {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
