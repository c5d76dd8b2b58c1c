import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

/** A Debian program that suites run, with other files of its packages. */
export interface Component {
  readonly command: string
  /** Further programs, modules and files that suites run or read; each may be missing. */
  readonly needs?: readonly string[]
  /** Its Debian packages. */
  readonly packages: readonly string[]
}

const POSTGRES = '/usr/lib/postgresql'
/** Where Debian has the sources of Go modules: a GOPATH. */
export const GO_SOURCES = '/usr/share/gocode'

/** All components of the suites. {@link installMissing} installs missing ones. */
export const COMPONENTS = {
  openssl: { command: '/usr/bin/openssl', packages: ['openssl'] },
  easyRsa: { command: '/usr/bin/make-cadir', needs: ['/usr/share/easy-rsa/easyrsa'], packages: ['easy-rsa'] },
  curl: { command: '/usr/bin/curl', packages: ['curl'] },
  kubectl: { command: '/usr/bin/kubectl', packages: ['kubernetes-client'] },
  nginx: { command: '/usr/sbin/nginx', packages: ['nginx'] },
  nginxHeadersMore: {
    command: '/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so',
    packages: ['libnginx-mod-http-headers-more-filter'],
  },
  haproxy: { command: '/usr/sbin/haproxy', packages: ['haproxy'] },
  caddy: { command: '/usr/bin/caddy', packages: ['caddy'] },
  slapd: { command: '/usr/sbin/slapd', packages: ['slapd'] },
  slapadd: { command: '/usr/sbin/slapadd', packages: ['slapd'] },
  kdc: { command: '/usr/sbin/krb5kdc', packages: ['krb5-kdc'] },
  kdb5Util: { command: '/usr/sbin/kdb5_util', packages: ['krb5-kdc'] },
  kadmin: { command: '/usr/sbin/kadmin.local', packages: ['krb5-admin-server'] },
  kinit: { command: '/usr/bin/kinit', packages: ['krb5-user'] },
  // Needed to compile `npm install kerberos`.
  krb5Config: { command: '/usr/bin/krb5-config', packages: ['libkrb5-dev'] },
  compiler: {
    command: '/usr/bin/g++',
    needs: ['/usr/bin/make', '/usr/bin/python3'],
    packages: ['g++', 'make', 'python3'],
  },
  keystone: {
    command: '/usr/bin/keystone-wsgi-public',
    needs: ['/usr/bin/keystone-manage', '/usr/bin/uwsgi_python3'],
    packages: ['keystone'],
  },
  glewlwyd: {
    command: '/usr/bin/glewlwyd',
    needs: ['/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3', '/etc/glewlwyd/glewlwyd.conf'],
    packages: ['glewlwyd'],
  },
  postgres: {
    command: postgresProgram('postgres'),
    needs: [postgresProgram('initdb')],
    packages: ['postgresql'],
  },
  pgbouncer: { command: '/usr/sbin/pgbouncer', packages: ['pgbouncer'] },
  setpriv: { command: '/usr/bin/setpriv', packages: ['util-linux'] },
  prlimit: { command: '/usr/bin/prlimit', packages: ['util-linux'] },
  iptables: { command: '/usr/sbin/iptables', packages: ['iptables'] },
  etcd: { command: '/usr/bin/etcd', packages: ['etcd-server'] },
  valkey: { command: '/usr/bin/valkey-server', packages: ['valkey-server'] },
  valkeyCli: { command: '/usr/bin/valkey-cli', packages: ['valkey-tools'] },
  prometheus: { command: '/usr/bin/prometheus', packages: ['prometheus'] },
  promtool: { command: '/usr/bin/promtool', packages: ['promtool'] },
  sqlite: { command: '/usr/bin/sqlite3', packages: ['sqlite3'] },
  chromium: { command: '/usr/bin/chromium', packages: ['chromium'] },
  go: {
    command: '/usr/bin/go',
    needs: [`${GO_SOURCES}/src/k8s.io/client-go/go.mod`],
    packages: ['golang-go', 'golang-k8s-client-go-dev'],
  },
  pythonClient: {
    command: '/usr/bin/python3',
    needs: ['/usr/lib/python3/dist-packages/kubernetes/__init__.py'],
    packages: ['python3-kubernetes'],
  },
  // For the releases of kubectl that npm has.
  unzip: { command: '/usr/bin/unzip', packages: ['unzip'] },
  certutil: { command: '/usr/bin/certutil', needs: ['/usr/bin/pk12util'], packages: ['libnss3-tools'] },
} as const satisfies Readonly<Record<string, Component>>

/** A program of the newest PostgreSQL that is installed: Debian keeps each version in a folder of its own. */
export function postgresProgram(name: string): string {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0] ?? 'none'
  return `${POSTGRES}/${newest}/bin/${name}`
}

/** The missing parts of a component. */
function missingOf({ command, needs = [] }: Component): readonly string[] {
  return [command, ...needs].filter((path) => !existsSync(path))
}

/**
 * Whether a suite can run: `false` if a part of its components is missing, which is printed, and is a failure in CI.
 *
 * @example
 * describe.runIf(has('nginx'))('behind nginx', () => { ... })
 */
export function has(...names: readonly (keyof typeof COMPONENTS)[]): boolean {
  const missing = names.flatMap((name) => missingOf(COMPONENTS[name]))
  if (missing.length === 0) return true
  const what = `missing: ${missing.join(', ')}; \`npm run test:interop\` installs them as root`
  if (process.env['CI'] === 'true') throw new Error(what)
  console.log(`skipped, ${what}`)
  return false
}

/** The packages of Debian that have what is missing. */
function missingPackages(): readonly string[] {
  const missing = Object.values(COMPONENTS).filter((component) => missingOf(component).length > 0)
  return [...new Set(missing.flatMap((component) => component.packages))]
}

/**
 * Installs missing components as root on Debian. What is still missing is a failure in CI; elsewhere it is printed, and the suites that need it are
 * skipped.
 */
export function installMissing(): void {
  const packages = missingPackages()
  if (packages.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    apt('update')
    apt('install', '--yes', '--no-install-recommends', ...packages)
  }
  const missing = missingPackages()
  if (missing.length === 0) return
  const what = `not installed, which the suites need: ${missing.join(' ')}`
  if (process.env['CI'] === 'true') throw new Error(what)
  console.log(what)
}

/** Without manuals and translations, and without waiting for the disk. */
const APT_OPTIONS = [
  'DPkg::Lock::Timeout=300',
  'DPkg::Options::=--force-unsafe-io',
  'DPkg::Options::=--path-exclude=/usr/share/man/*',
  'Acquire::Languages=none',
]

function apt(...args: readonly string[]): void {
  spawnSync('apt-get', [...APT_OPTIONS.flatMap((option) => ['-o', option]), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
