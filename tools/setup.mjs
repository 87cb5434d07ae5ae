/**
 * What every npm script of this repository goes through: installs what is missing, builds what is out of date, and runs
 * the wanted task on the Node that package.json pins, whatever Node the machine has. It runs on Node 20 itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The tasks, as the arguments of the pinned Node. Those that need it are built for first. */
const tasks = {
  start: { build: true, args: ['tools/start.mjs'] },
  test: {
    build: true,
    // The build does not check the types of the tests.
    first: 'tools/typecheck.mjs',
    args: ['--experimental-vm-modules', '--no-node-snapshot', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
  },
  airlock: { build: true, args: ['bin/airlock.cjs'] },
  bench: { build: true, args: ['bench/echo.mjs'] },
  'bench:fan-out': { build: true, args: ['bench/fan-out.mjs'] },
  'bench:isolation': { build: true, args: ['--no-node-snapshot', 'bench/isolation.mjs'] },
  'bench:neighbour': { build: true, args: ['bench/neighbour.mjs'] },
  soak: { build: true, args: ['bench/soak.mjs'] },
  build: { build: 'always', args: undefined },
  typecheck: { build: true, args: ['tools/typecheck.mjs'] },
};

const [name, ...rest] = process.argv.slice(2);
if (name !== undefined && !Object.hasOwn(tasks, name)) {
  fail(`There is no task '${name}'; there are ${Object.keys(tasks).join(', ')}.`);
}
install();
if (name !== undefined) {
  const { args, build, first } = tasks[name];
  if (build === 'always' || !isBuilt()) {
    run(pinnedNode, ['tools/build.mjs']);
  }
  if (first !== undefined) {
    run(pinnedNode, [first]);
  }
  if (args !== undefined) {
    runTask([...args, ...rest]);
  }
}

/** Installs where something of the lock file is not there, in its version. */
function install() {
  const missing = missingPackages();
  if (missing.length > 0) {
    console.error(`Installing ${missing.length} packages ...`);
    // No install script runs but that of the package `node`, which fetches the binary: isolated-vm brings its own
    // binaries, but would be compiled for the Node that installs it.
    // Not `npm ci`, which fails where a registry has not every optional package of other platforms.
    run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], true);
  }
  if (!existsSync(pinnedNode)) {
    console.error('Installing the pinned Node.js ...');
    run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'], true);
  }
}

function missingPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).filter(([path, { optional, version }]) => {
    if (path === '' || optional === true) {
      return false;
    }
    try {
      return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')).version !== version;
    } catch {
      return true;
    }
  });
}

/** Whether what is built is newer than every source of it. */
function isBuilt() {
  try {
    const built = Date.parse(readFileSync(join(root, 'dist', '.built'), 'utf8'));
    const sources = ['bindings', 'cell', 'host', 'wire', 'tools', 'package.json', 'package-lock.json', 'tsconfig.json'];
    return sources.every((source) => newest(join(root, source)) < built);
  } catch {
    return false;
  }
}

function newest(path) {
  const status = statSync(path);
  return status.isDirectory()
    ? Math.max(status.mtimeMs, ...readdirSync(path).map((entry) => newest(join(path, entry))))
    : status.mtimeMs;
}

function run(command, args, shell = false) {
  const { error, signal, status } = spawnSync(command, args, {
    cwd: root,
    // What the task prints is for standard output; this is not.
    stdio: ['ignore', 2, 2],
    shell: shell && process.platform === 'win32',
  });
  if (status !== 0) {
    fail(`${command} ${args[0]} failed: ${error?.message ?? signal ?? `exit code ${status}`}.`);
  }
}

function runTask(args) {
  // npm runs the task with the repository as its folder; a user means paths from where npm was called.
  const cwd = name === 'airlock' ? (process.env.INIT_CWD ?? root) : root;
  const [script, ...others] = args;
  const paths = name === 'airlock' ? [join(root, script), ...others] : args;
  const child = spawn(pinnedNode, paths, { cwd, stdio: 'inherit' });
  // The terminal's interrupt reaches the child as well, and the child decides what it means.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 1;
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
