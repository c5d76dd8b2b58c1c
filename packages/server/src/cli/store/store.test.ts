import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMAND, folderOf, run, runAsProcess } from '../../../test/command.ts'
import { exportOf } from '../../../test/store-exports.ts'
import { sqliteDriver } from '@kube-authn/store/internal/node'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'

const SECRET =
  '{"kind":"Secret","apiVersion":"v1","metadata":{"namespace":"a","name":"db"},"data":{"p":"aHVudGVyMg=="}}'

/** A folder with a store of two objects. */
async function aStore(): Promise<{ readonly folder: string; readonly store: string }> {
  const folder = folderOf()
  const file = join(folder, 'store.db')
  const opened = await sqliteObjectStore({ file })
  await opened.create('/registry/secrets/a/db', SECRET)
  await opened.create('/other', 'x', { ttlMs: 1e9 })
  await opened.close()
  return { folder, store: `sqlite:${file}` }
}

async function keysIn(file: string): Promise<readonly string[]> {
  const opened = await sqliteObjectStore({ file })
  const { objects } = await opened.list('')
  await opened.close()
  return objects.map(({ key }) => key)
}

describe('kube-authn store', () => {
  it.each(['check', 'migrate', 'export', 'import x'])(
    '%s needs a store that lasts, and prints no password',
    async (command) => {
      const args = ['store', ...command.split(' ')]
      const none = await run(args)
      expect([none.stderr, none.exitCode]).toEqual([
        "error: required option '--store <store>' not specified\n",
        2,
      ])
      const forms = 'must be one of sqlite:FILE, etcd://HOST:PORT, postgres://USER@HOST:PORT/DATABASE'
      for (const [value, problem] of [
        ['memory', forms],
        ['mysql://jane:hunter2@db', forms],
        ['sqlite:', 'must name a file after sqlite:'],
        ['postgres://jane:hunter2@localhost/auth', 'must not have a password, which others would see'],
        ['etcd://jane:hunter2%zz@localhost:1', 'must have USER:PASSWORD before the @'],
      ]) {
        const { stdout, stderr, exitCode } = await run([...args, '--store', value ?? ''])
        expect(stderr).toContain(`error: --store: ${problem}`)
        expect(stdout + stderr).not.toContain('hunter2')
        expect(exitCode).toBe(2)
      }
    },
  )

  it.each([
    ['postgres://jane@127.0.0.1:1/auth', { PGPASSWORD: 'hunter2' }],
    ['etcd+http://jane:hunter2@127.0.0.1:1', {}],
  ])('prints no password of a store that cannot be reached: %s', async (store, env) => {
    const { stdout, stderr, exitCode } = await run(['store', 'check', '--store', store], { env })
    expect(stderr).toMatch(/^error: (?:PostgreSQL|etcd) cannot be used: .*\n$/)
    expect(stdout + stderr).not.toContain('hunter2')
    expect(exitCode).toBe(2)
  })
})

describe('kube-authn store check', () => {
  it('says what is in a store, and changes nothing', async () => {
    const { folder, store } = await aStore()
    const before = readFileSync(join(folder, 'store.db'))
    const { stdout, stderr, exitCode } = await run(['store', 'check', '--store', store])
    expect(stdout).toBe(
      [
        `store      ${join(folder, 'store.db')}`,
        'engine     SQLite, schema version 1',
        'revision   2, with the changes after 0',
        'objects    2',
        '         1 others',
        '         1 secrets',
        'overdue    0',
        'unreadable 0',
        'result     whole',
        '',
      ].join('\n'),
    )
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(readdirSync(folder)).toEqual(['store.db'])
    expect(readFileSync(join(folder, 'store.db'))).toEqual(before)
  })

  it('prints JSON, and ends with 1, if an object cannot be read', async () => {
    const { folder, store } = await aStore()
    const opened = await sqliteObjectStore({ file: join(folder, 'store.db') })
    await opened.create('/registry/secrets/a/bad\n', 'hunter2')
    await opened.close()
    const { stdout, exitCode } = await run(['store', 'check', '--store', store, '-o', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({
      isWhole: false,
      objects: 3,
      resources: { others: 1, secrets: 2 },
      unreadable: 1,
      unreadableObjects: [{ key: '/registry/secrets/a/bad\n', problem: expect.any(String) }],
      problems: [],
    })
    expect(exitCode).toBe(1)
    const text = await run(['store', 'check', '--store', store])
    expect(text.stdout).toContain(String.raw`  /registry/secrets/a/bad\u{a}: the value is not the JSON`)
    expect(text.stdout + stdout).not.toMatch(/hunter2|aHVudGVyMg/)
  })

  it('says that a store is damaged', async () => {
    const folder = folderOf({ 'empty.db': '', 'text.db': 'x'.repeat(10_000) })
    for (const name of ['empty.db', 'text.db']) {
      const { stdout, exitCode } = await run(['store', 'check', '--store', `sqlite:${name}`], { cwd: folder })
      expect(stdout).toMatch(/^problem +\S+\.db is not used as a store, since .*\nresult +damaged\n$/m)
      expect(exitCode).toBe(1)
    }
  })

  it.each(['check', 'migrate', 'export'])(
    '%s leaves a store alone that a newer version made',
    async (command) => {
      const { folder, store } = await aStore()
      const database = (await sqliteDriver())(join(folder, 'store.db'))
      database.exec('PRAGMA user_version = 99')
      database.close()
      const { stdout, stderr, exitCode } = await run(['store', command, '--store', store])
      expect(stderr).toBe(
        `error: a newer version of kube-authn made the store ${join(folder, 'store.db')}: use that version, or a later one\n`,
      )
      expect([stdout, exitCode]).toEqual(['', 2])
    },
  )

  it('makes no store', async () => {
    const folder = folderOf()
    const { stderr, exitCode } = await run(['store', 'check', '--store', 'sqlite:none.db'], { cwd: folder })
    expect([stderr, exitCode]).toEqual(['error: the store none.db does not exist\n', 2])
    expect(readdirSync(folder)).toEqual([])
  })

  it('reads what a server has left in its log when it was killed', async () => {
    const { folder } = await aStore()
    const opened = await sqliteObjectStore({ file: join(folder, 'store.db') })
    await opened.create('/in-the-log', '1')
    for (const end of ['', '-wal'])
      copyFileSync(join(folder, `store.db${end}`), join(folder, `left.db${end}`))
    await opened.close()
    const { stdout, exitCode } = await run(['store', 'check', '--store', 'sqlite:left.db'], { cwd: folder })
    expect(stdout).toMatch(/^objects +3$/m)
    expect(exitCode).toBe(0)
    expect(readdirSync(folder).toSorted()).toEqual(['left.db', 'store.db'])
    expect(await keysIn(join(folder, 'left.db'))).toContain('/in-the-log')
  })

  it('does not read a store that a process has', async () => {
    const { folder, store } = await aStore()
    const opened = await sqliteObjectStore({ file: join(folder, 'store.db') })
    await opened.create('/more', '')
    const { stderr, exitCode } = await run(['store', 'check', '--store', store])
    expect(stderr).toContain('another process has the store')
    expect(exitCode).toBe(2)
    await opened.close()
  })
})

describe('kube-authn store migrate', () => {
  it('makes a store once, also if it is asked for several times at once', async () => {
    const folder = folderOf()
    const migrate = (...more: readonly string[]): ReturnType<typeof run> =>
      run(['store', 'migrate', '--store', 'sqlite:store.db', ...more], { cwd: folder })
    expect((await migrate('--dry-run')).stdout).toBe(
      `${join(folder, 'store.db')}: would be brought to schema version 1\n`,
    )
    expect(existsSync(join(folder, 'store.db'))).toBe(false)
    const asProcess = (): ReturnType<typeof run> =>
      runAsProcess(['store', 'migrate', '--store', 'sqlite:store.db'], { cwd: folder })
    const all = await Promise.all([asProcess(), asProcess(), asProcess()])
    expect(all.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(all.map(() => [0, '']))
    expect((await migrate()).stdout).toBe(
      `${join(folder, 'store.db')}: has schema version 1: nothing to do\n`,
    )
    expect((await migrate('--dry-run')).stdout).toContain('nothing to do')
    expect(await keysIn(join(folder, 'store.db'))).toEqual([])
    expect(readdirSync(folder)).toEqual(['store.db'])
  })

  it('refuses a file of another program, and leaves it', async () => {
    const folder = folderOf({ 'notes.txt': 'x'.repeat(5000) })
    const { stderr, exitCode } = await run(['store', 'migrate', '--store', 'sqlite:notes.txt'], {
      cwd: folder,
    })
    expect(stderr).toContain('error: notes.txt is not used as a store')
    expect(exitCode).toBe(2)
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('x'.repeat(5000))
  })

  it('says that etcd needs none', async () => {
    const { stdout, exitCode } = await run(['store', 'migrate', '--store', 'etcd+http://localhost:1'])
    expect(stdout).toContain('etcd has no schema: there is nothing to migrate')
    expect(exitCode).toBe(0)
  })
})

describe('kube-authn store export', () => {
  it('writes a file for its owner only, which an import reads', async () => {
    const { folder, store } = await aStore()
    const { stdout, stderr, exitCode } = await run(['store', 'export', '--store', store, 'out.ndjson'], {
      cwd: folder,
    })
    expect([stdout, stderr, exitCode]).toEqual(['', 'exported 2 objects of revision 2\n', 0])
    expect(readdirSync(folder).toSorted()).toEqual(['out.ndjson', 'store.db'])
    expect(statSync(join(folder, 'out.ndjson')).mode & 0o777).toBe(0o600)
    const imported = await run(['store', 'import', '--store', 'sqlite:other.db', 'out.ndjson'], {
      cwd: folder,
    })
    expect(imported).toEqual({ stdout: 'imported 2 objects of revision 2\n', stderr: '', exitCode: 0 })
    const again = await run(['store', 'export', '--store', 'sqlite:other.db'], { cwd: folder })
    expect(again.stdout.split('\n')[2]).toBe(JSON.stringify({ key: '/registry/secrets/a/db', value: SECRET }))
    expect(again.stdout.split('\n')).toHaveLength(5)
  })

  it('has only the objects of a prefix', async () => {
    const { store } = await aStore()
    const { stdout } = await run(['store', 'export', '--store', store, '--prefix', '/registry/', '-'])
    expect(stdout).toContain('"count":1,"prefix":"/registry/"')
    expect(stdout).not.toContain('/other')
  })

  it('replaces a file only if it is told so, and never another thing', async () => {
    const { folder, store } = await aStore()
    const out = (...args: readonly string[]): ReturnType<typeof run> =>
      run(['store', 'export', '--store', store, ...args], { cwd: folder })
    writeFileSync(join(folder, 'out'), 'mine', { mode: 0o644 })
    mkdirSync(join(folder, 'folder'))
    expect((await out('out')).stderr).toBe('error: out: exists; replace it with --force\n')
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('mine')
    expect((await out('folder', '--force')).stderr).toBe('error: folder: is not a regular file\n')
    expect((await out('/dev/null', '--force')).stderr).toBe('error: /dev/null: is not a regular file\n')
    expect((await out('none/out')).stderr).toBe(
      `error: ${join(folder, 'none/out')}: cannot be written (ENOENT)\n`,
    )
    expect((await out('out', '--force')).exitCode).toBe(0)
    expect(readFileSync(join(folder, 'out'), 'utf8')).toContain('"count":2')
    expect(statSync(join(folder, 'out')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).toSorted()).toEqual(['folder', 'out', 'store.db'])
  })

  it('leaves no file if an object cannot be read', async () => {
    const { folder, store } = await aStore()
    const bytes = readFileSync(join(folder, 'store.db'))
    bytes.write('X', bytes.indexOf('aHVudGVyMg'))
    writeFileSync(join(folder, 'store.db'), bytes)
    const { stderr, exitCode } = await run(['store', 'export', '--store', store, 'out'], { cwd: folder })
    expect(stderr).toBe(
      'error: /registry/secrets/a/db cannot be exported: the value is not the one that was written: its checksum is another\n',
    )
    expect(exitCode).toBe(2)
    expect(readdirSync(folder)).toEqual(['store.db'])
  })

  it.runIf(existsSync('/dev/full'))('says that standard output is full', async () => {
    const { store } = await aStore()
    const command = `exec "$0" "$@" > /dev/full`
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', command, process.execPath, COMMAND, 'store', 'export', '--store', store],
      { encoding: 'utf8' },
    )
    expect(stderr).toBe('error: standard output: cannot be written (ENOSPC)\n')
    expect(status).toBe(2)
  })

  it.skipIf(process.platform === 'win32')('leaves no file if it cannot grow', async () => {
    const { folder, store } = await aStore()
    const opened = await sqliteObjectStore({ file: join(folder, 'store.db') })
    await opened.create('/large', 'x'.repeat(1_000_000))
    await opened.close()
    const command = `ulimit -f 512 && exec "$0" "$@"`
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', command, process.execPath, COMMAND, 'store', 'export', '--store', store, join(folder, 'out')],
      { encoding: 'utf8' },
    )
    expect(stderr).toBe(`error: ${join(folder, 'out')}: cannot be written (EFBIG)\n`)
    expect(status).toBe(2)
    expect(readdirSync(folder)).toEqual(['store.db'])
  })

  it('ends with 2 if its reader goes away', async () => {
    const { folder, store } = await aStore()
    const opened = await sqliteObjectStore({ file: join(folder, 'store.db') })
    for (let index = 0; index < 8; index++) await opened.create(`/large/${index}`, 'x'.repeat(1_000_000))
    await opened.close()
    const command = `{ "$0" "$@"; echo "code $?" >&2; } | head -c 10`
    const { stderr } = spawnSync(
      'sh',
      ['-c', command, process.execPath, COMMAND, 'store', 'export', '--store', store],
      {
        encoding: 'utf8',
      },
    )
    expect(stderr).toBe('code 2\n')
  })
})

describe('kube-authn store import', () => {
  const ONE = [{ key: '/one', value: 'hunter2' }]

  it('reads standard input, and leaves nothing of it', async () => {
    const folder = folderOf()
    const spool = folderOf()
    const { stdout, exitCode } = await run(['store', 'import', '--store', 'sqlite:store.db', '-'], {
      cwd: folder,
      stdin: await exportOf(ONE),
      env: { TMPDIR: spool },
    })
    expect([stdout, exitCode]).toEqual(['imported 1 objects of revision 1\n', 0])
    expect(readdirSync(spool)).toEqual([])
    expect(await keysIn(join(folder, 'store.db'))).toEqual(['/one'])
  })

  it.skipIf(process.platform === 'win32')('reads a pipe with a name, and follows a link', async () => {
    const folder = folderOf({ export: await exportOf(ONE) })
    symlinkSync('export', join(folder, 'link'))
    const command = `mkfifo pipe && { cat export > pipe & } && "$0" "$1" store import --store sqlite:a.db pipe && "$0" "$1" store import --store sqlite:b.db link`
    const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, COMMAND], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toBe('imported 1 objects of revision 1\n'.repeat(2))
  })

  it.each<[string, (whole: string) => string, string]>([
    ['nothing', () => '', 'is empty'],
    ['another file', () => 'kind: List\n', 'is not an export of a store'],
    ['half of it', (whole) => whole.slice(0, whole.length / 2), 'is truncated'],
    ['no last line', (whole) => whole.split('\n').slice(0, -2).join('\n'), 'is truncated'],
    ['a line twice', (whole) => whole.replace(/\n.*\n/, '$&$&'), 'line 3 is not'],
    ['a changed value', (whole) => whole.replace('hunter2', 'hunter3'), 'must be the checksum'],
  ])('refuses %s before it writes anything', async (_, change, problem) => {
    const folder = folderOf({ export: change(await exportOf(ONE)) })
    for (const [file, stdin] of [
      ['export', ''],
      ['-', readFileSync(join(folder, 'export'))],
    ] as const) {
      const { stdout, stderr, exitCode } = await run(
        ['store', 'import', '--store', 'sqlite:store.db', file],
        {
          cwd: folder,
          stdin,
        },
      )
      expect(stderr).toContain(`error: ${file === '-' ? 'standard input' : 'export'}: `)
      expect(stderr).toMatch(problem === 'line 3 is not' ? /line [34] / : problem)
      expect(stdout + stderr).not.toContain('hunter')
      expect(exitCode).toBe(2)
      expect(readdirSync(folder)).toEqual(['export'])
    }
  })

  it('refuses what is no file', async () => {
    const folder = folderOf()
    const from = (file: string): ReturnType<typeof run> =>
      run(['store', 'import', '--store', 'sqlite:store.db', file], { cwd: folder })
    expect((await from('.')).stderr).toBe('error: .: is a folder\n')
    expect((await from('none')).stderr).toBe('error: none: cannot be read (ENOENT)\n')
    if (existsSync('/dev/zero')) {
      expect((await from('/dev/zero')).stderr).toBe('error: /dev/zero: line 1 has more than 6297856 bytes\n')
    }
    expect(readdirSync(folder)).toEqual([])
  })

  it('refuses a store that is not empty, unless it is told what becomes of objects', async () => {
    const { folder, store } = await aStore()
    writeFileSync(
      join(folder, 'export'),
      await exportOf([
        { key: '/new', value: '1' },
        { key: '/other', value: 'y' },
      ]),
    )
    const imported = (...more: readonly string[]): ReturnType<typeof run> =>
      run(['store', 'import', '--store', store, 'export', ...more], { cwd: folder })
    expect(await imported()).toEqual({
      stdout: '',
      stderr:
        'error: the store is not empty: use --skip-existing to add to it, or --overwrite to replace what is there\n',
      exitCode: 2,
    })
    expect((await imported('--overwrite', '--skip-existing')).stderr).toBe(
      'error: --overwrite: cannot be set together with --skip-existing\n',
    )
    expect((await imported('--skip-existing')).stdout).toBe(
      'imported 1 objects of revision 2; 1 existed and stayed\n',
    )
    expect((await imported('--overwrite')).stdout).toBe(
      'imported 1 objects of revision 2; 1 existed and stayed\n',
    )
    expect(await keysIn(join(folder, 'store.db'))).toEqual(['/new', '/other', '/registry/secrets/a/db'])
  })

  it.skipIf(process.platform === 'win32')(
    'says how many were written when the disk is full, and is gone on with',
    async () => {
      const many = Array.from({ length: 40 }, (_, index) => ({
        key: `/${100 + index}`,
        value: 'x'.repeat(100_000),
      }))
      const folder = folderOf({ export: await exportOf(many) })
      const args = ['store', 'import', '--store', 'sqlite:store.db', '--skip-existing', 'export']
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', `ulimit -f 4096 && exec "$0" "$@"`, process.execPath, COMMAND, ...args],
        { cwd: folder, encoding: 'utf8' },
      )
      const [, written = ''] =
        /^error: the import has stopped after (\d+) of 40 objects: the store .* cannot be used: /.exec(
          stderr,
        ) ?? []
      expect(stderr).toMatch(/What was written stays; go on with --skip-existing\n$/)
      expect(status).toBe(2)
      const { stdout } = await run(args, { cwd: folder })
      expect(stdout).toBe(
        `imported ${40 - Number(written)} objects of revision 40${written === '0' ? '' : `; ${written} existed and stayed`}\n`,
      )
      expect(await keysIn(join(folder, 'store.db'))).toHaveLength(40)
    },
  )

  it.skipIf(process.platform === 'win32')(
    'says that there is no place for what comes from a pipe',
    async () => {
      const folder = folderOf()
      const { stderr, exitCode } = await runAsProcess(
        ['store', 'import', '--store', 'sqlite:store.db', '-'],
        {
          stdin: await exportOf(ONE),
          cwd: folder,
          env: { TMPDIR: join(folder, 'none') },
        },
      )
      expect(stderr).toMatch(
        /^error: .*none: cannot keep what is imported \(ENOENT\); set TMPDIR to another folder\n$/,
      )
      expect(exitCode).toBe(2)
    },
  )
})
