#!/usr/bin/env node
// Plain JavaScript of an old kind: on a Node that is too old it must still parse, to say so.
'use strict';

var fault = require('./node-version.cjs').fault;

if (fault !== undefined) {
  console.error(fault);
  process.exitCode = 1;
} else {
  import('../dist/command/entry.js').then(
    function (cli) {
      return cli.main(process.argv);
    },
    function (error) {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
