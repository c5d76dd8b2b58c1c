import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program of Debian's that a suite runs against. */
export interface Component {
  readonly command: string
  /** The Debian packages it comes in. */
  readonly packages: readonly string[]
}

/** Everything that the suites need. `install.ts` installs what is missing. */
export const COMPONENTS = {
  openssl: { command: '/usr/bin/openssl', packages: ['openssl'] },
  easyRsa: { command: '/usr/share/easy-rsa/easyrsa', packages: ['easy-rsa'] },
  curl: { command: '/usr/bin/curl', packages: ['curl'] },
  kubectl: { command: '/usr/bin/kubectl', packages: ['kubernetes-client'] },
  nginx: { command: '/usr/sbin/nginx', packages: ['nginx', 'libnginx-mod-http-headers-more-filter'] },
  haproxy: { command: '/usr/sbin/haproxy', packages: ['haproxy'] },
  slapd: { command: '/usr/sbin/slapd', packages: ['slapd'] },
  kdc: { command: '/usr/sbin/krb5kdc', packages: ['krb5-kdc', 'krb5-admin-server'] },
  kinit: { command: '/usr/bin/kinit', packages: ['krb5-user'] },
  // What `npm install kerberos` compiles with.
  krb5Config: { command: '/usr/bin/krb5-config', packages: ['libkrb5-dev'] },
  compiler: { command: '/usr/bin/g++', packages: ['g++', 'make', 'python3'] },
  keystone: { command: '/usr/bin/keystone-wsgi-public', packages: ['keystone'] },
  glewlwyd: { command: '/usr/bin/glewlwyd', packages: ['glewlwyd'] },
  sqlite: { command: '/usr/bin/sqlite3', packages: ['sqlite3'] },
  chromium: { command: '/usr/bin/chromium', packages: ['chromium', 'libnss3-tools'] },
} as const satisfies Readonly<Record<string, Component>>

/**
 * Whether a suite can run: `false` where one of its components is missing, which is said, and which is a failure under CI.
 *
 * @example
 * describe.runIf(has('nginx'))('behind nginx', () => { ... })
 */
export function has(...names: readonly (keyof typeof COMPONENTS)[]): boolean {
  const missing = names.filter((name) => !existsSync(COMPONENTS[name].command))
  if (missing.length === 0) return true
  const what = `missing: ${missing.join(', ')}; \`npm run test:interop\` installs them as root`
  if (process.env['CI'] === 'true') throw new Error(what)
  console.log(`skipped, ${what}`)
  return false
}

/** Installs what is missing, as root on Debian; elsewhere says what it would be. */
export function installMissing(): void {
  const missing = Object.values(COMPONENTS).filter(({ command }) => !existsSync(command))
  const packages = missing.flatMap((component) => component.packages)
  if (packages.length === 0) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`not installed: ${packages.join(' ')}`)
    return
  }
  const apt = (...args: readonly string[]): number | null =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status
  apt('update')
  if (apt('install', '--yes', '--no-install-recommends', ...packages) !== 0) {
    throw new Error(`cannot install ${packages.join(' ')}`)
  }
}
