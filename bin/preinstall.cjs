// Run before the package is installed, and before isolated-vm tries to be compiled for a Node that it is not made for,
// and fails with pages of a compiler's words.
'use strict';

var path = require('path');
var fault = require('./node-version.cjs').fault;

// In a checkout, the Node that runs Airlock is one of the packages that are being installed.
var isDependency = path.basename(path.dirname(path.dirname(__dirname))) === 'node_modules';

if (fault !== undefined && isDependency) {
  console.error(fault);
  process.exitCode = 1;
}
