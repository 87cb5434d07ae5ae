#!/usr/bin/env node
// Plain JavaScript of an old kind: on a Node that is too old it must still parse, to say so.
'use strict';

// Without a listener, Node.js opens its inspector at this signal, through which anybody on this machine gets all that scripts have.
process.on('SIGUSR1', function () {});

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
