import { isConfigurationError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { settingsFromFlags } from './settings-from-flags.ts'

function problemOf(argv: readonly string[]): string | undefined {
  try {
    settingsFromFlags(argv)
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
  ])('of %j names %s', (argv, store) => {
    expect(settingsFromFlags(argv).store).toBe(store)
  })

  it.each([
    [['--store='], '--store: must be one of '],
    [['--store=/var/lib/store.db'], '--store: must be one of '],
    [['--store=__proto__:x'], '--store: must be one of '],
    [['--store=memory:x'], '--store: must be memory alone'],
    [['--store=etcd:etcd.example.com'], '--store: must be etcd://HOST:PORT'],
    [['--store=sqlite:'], '--store: must name a file after sqlite:'],
    [['--store=sqlite:x', '--in-memory'], '--store: must not be specified together with --in-memory'],
  ])('of %j is refused', (argv, message) => {
    expect(problemOf(argv)).toContain(message)
  })

  it('is not repeated when it is refused, since it may have a password', () => {
    expect(problemOf(['--store=mysql://root:hunter2@db/x'])).not.toContain('hunter2')
  })
})
