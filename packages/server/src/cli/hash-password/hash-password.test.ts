import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'

const stdin = 'c2VjcmV0 żółć\n'

describe('kube-authn hash-password', () => {
  it.each(['argon2id', 'scrypt', 'bcrypt'])('prints a line of a password file with %s', async (algorithm) => {
    const cwd = folderOf({ password: stdin, wrong: 'd3Jvbmc' })
    const args = [
      'hash-password',
      '-a',
      algorithm,
      '--username',
      'jane',
      '--uid',
      '1',
      '--group',
      'dev',
      '--group',
      'ops',
    ]
    const { stdout, stderr, exitCode } = await run(args, { stdin })
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout).not.toContain('c2VjcmV0')
    writeFileSync(join(cwd, 'users.csv'), stdout)
    const login = [
      'explain',
      '--basic-auth-file=users.csv',
      '--username=jane',
      '-o',
      'json',
      '--password-file',
    ]
    const right = await run([...login, 'password'], { cwd })
    expect(JSON.parse(right.stdout)).toMatchObject({
      user: { username: 'jane', uid: '1', groups: ['dev', 'ops', 'system:authenticated'] },
    })
    expect((await run([...login, 'wrong'], { cwd })).exitCode).toBe(1)
    expect((await run(['check', 'users.csv'], { cwd })).stdout).toContain('users.csv: ok (password-file)')
  })

  it('prints a hash as a field, in quotes if it has commas', async () => {
    expect((await run(['hash-password'], { stdin })).stdout).toMatch(
      /^"\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]+\$[^$]+"\n$/,
    )
    expect((await run(['hash-password', '--algorithm', 'bcrypt'], { stdin })).stdout).toMatch(
      /^\$2b\$12\$.{53}\n$/,
    )
  })

  it('quotes a username', async () => {
    const args = ['hash-password', '-a', 'bcrypt', '--username', 'a"b,c']
    expect((await run(args, { stdin })).stdout).toMatch(/,"a""b,c",\n$/)
  })

  it.each([
    ['no password', [], '', /the password is empty/],
    ['two lines', [], 'a\nb\n', /the password must be one line/],
    ['bytes that are not UTF-8', [], Uint8Array.of(0xff, 0xfe), /not UTF-8/],
    [
      'a long password for bcrypt',
      ['-a', 'bcrypt'],
      'c2VjcmV0'.repeat(10),
      /bcrypt ignores everything after/,
    ],
    ['a huge password', [], 'c2VjcmV0'.repeat(200_000), /larger than 1048576 bytes/],
    ['an unknown kind', ['-a', 'md5'], 'a', /Allowed choices are argon2id, scrypt, bcrypt/],
    ['a uid of no user', ['--uid', '1'], 'a', /--uid and --group: name the user/],
    [
      'two groups in one',
      ['--username', 'a', '--group', 'a,b'],
      'a',
      /--group: a group in a file has no comma/,
    ],
  ])('refuses %s in a line', async (_, args, given, expected) => {
    const { stdout, stderr, exitCode } = await run(['hash-password', ...args], { stdin: given })
    expect(stderr).toMatch(expected)
    expect(stderr).toMatch(/^error: .*\n$/)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
    expect(stderr).not.toContain('c2VjcmV0')
  })
})
