import { isConfigurationError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { serveFlags } from './serve-flags.ts'
import { storeValueOf } from './serving-problems.ts'

function problemOf(argv: readonly string[]): string | undefined {
  try {
    serveFlags(argv)
    return undefined
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
  }
}

describe('the flag --store', () => {
  it.each([
    [['--data-dir=/var/lib/x'], 'sqlite:/var/lib/x/store.db'],
    [['--in-memory'], 'memory'],
    [['--in-memory=false'], 'sqlite:kube-authn-data/store.db'],
    [['--store=memory'], 'memory'],
    [['--store=memory', '--in-memory'], 'memory'],
    [['--store=sqlite:a b.db', '--data-dir=/var/lib/x'], 'sqlite:a b.db'],
    [['--store=sqlite:a:b'], 'sqlite:a:b'],
    [['--store=etcd://etcd.example.com:2379'], 'etcd://etcd.example.com:2379'],
    [['--store=postgres://me@127.0.0.1:5433/auth'], 'postgres://me@127.0.0.1:5433/auth'],
    [['--store=postgresql://localhost/auth'], 'postgresql://localhost/auth'],
    [['--store=postgres://[::1]/auth'], 'postgres://[::1]/auth'],
    [['--store=postgres:///auth?host=/run/postgresql'], 'postgres:///auth?host=/run/postgresql'],
    [['--store=postgres://db/auth?sslmode=verify-full'], 'postgres://db/auth?sslmode=verify-full'],
    [['--store=postgres://db/auth?sslmode=disable'], 'postgres://db/auth?sslmode=disable'],
    [['--store=postgres://[::1]/auth?listen=false'], 'postgres://[::1]/auth?listen=false'],
    ...[
      'etcd://a:1?timeoutSeconds=0.1&startSeconds=0',
      'postgres://[::1]/a?timeoutSeconds=600&startSeconds=3600',
    ].map((url): [string[], string] => [[`--store=${url}`], url]),
  ])('of %j names %s', (argv, store) => {
    expect(storeValueOf(serveFlags(argv))).toBe(store)
  })

  it.each([
    [['--store='], '--store: must be one of '],
    [['--store=/var/lib/store.db'], '--store: must be one of '],
    [['--store=__proto__:x'], '--store: must be one of '],
    [['--store=memory:x'], '--store: must be memory alone'],
    [['--store=etcd:etcd.example.com'], '--store: must be etcd://HOST:PORT'],
    [['--store=sqlite:'], '--store: must name a file after sqlite:'],
    [['--store=postgres:db'], '--store: must be a URL, as in postgres://USER@HOST:PORT/DATABASE'],
    [['--store=postgres://db:99999/x'], '--store: must be a URL'],
    [['--store=postgres://me@127.0.0.1'], '--store: must name a database'],
    [['--store=postgres://me:hunter2@127.0.0.1/x'], '--store: must not have a password'],
    [['--store=postgres://127.0.0.1/x?password=hunter2'], '--store: must not have a password'],
    [['--store=postgres://db/x'], '--store: must have sslmode='],
    [['--store=postgres://127.0.0.1/x?host=db'], '--store: must have sslmode='],
    [['--store=postgres://db/x?sslmode=prefer'], '--store: must have sslmode='],
    [['--store=postgres://db/x?sslmode=no-verify'], '--store: must have sslmode='],
    [
      ['--store=postgres://db/x?sslmode=verify-full&sslmode=no-verify'],
      '--store: must have each parameter once',
    ],
    [['--store=postgres://127.0.0.1/x?host=127.0.0.1&host=db'], '--store: must have each parameter once'],
    [['--store=postgres://127.0.0.1/x?listen=true'], '--store: must have listen=false'],
    ...['etcd://a:1?', 'postgres:///auth?host=/run/postgresql&'].flatMap((url) => [
      ...['0', '600.1', '-1', '5s', '', '1e2', '1&timeoutSeconds=2'].map((value): [string[], string] => [
        [`--store=${url}timeoutSeconds=${value}`],
        '--store: must have one timeoutSeconds above 0 and at most 600',
      ]),
      ...['3601', '-1', '', 'NaN', '1&startSeconds=1'].map((value): [string[], string] => [
        [`--store=${url}startSeconds=${value}`],
        '--store: must have one startSeconds between 0 and 3600',
      ]),
    ]),
    [['--store=etcd://a:1?timeoutSeconds=1&x=y'], '--store: must have no other parameters'],
    [['--store=sqlite:x', '--in-memory'], '--store: must not be specified together with --in-memory'],
  ])('of %j is refused', (argv, message) => {
    expect(problemOf(argv)).toContain(message)
  })

  it('is not repeated when it is refused, since it may have a password', () => {
    expect(problemOf(['--store=mysql://root:hunter2@db/x'])).not.toContain('hunter2')
  })
})
