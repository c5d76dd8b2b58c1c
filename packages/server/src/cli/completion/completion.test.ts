import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { run } from '../../../test/command.ts'

/** What bash offers for the last of these words. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await run(['completion', 'bash'])
  const list = words.map((each) => `'${each}'`).join(' ')
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _kube_authn; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-uc', `${script}\n${ask}`])
  return stdout.split('\n').filter((each) => each !== '')
}

it.each([
  ['commands', ['kube-authn', 'c'], ['check', 'create', 'completion']],
  ['commands of a command', ['kube-authn', 'create', 's'], ['serviceaccount', 'signing-key']],
  ['options', ['kube-authn', 'check', '--k'], ['--kind']],
  [
    'options of a command of a command',
    ['kube-authn', 'create', 'token', 'cart', '--bound-object-n'],
    ['--bound-object-name'],
  ],
  ['options without a command', ['kube-authn', '--'], ['--version', '--help']],
  ['values', ['kube-authn', 'check', 'a.yaml', '--kind', 'auth'], ['authentication', 'authorization']],
  ['values of a short option', ['kube-authn', 'check', '-o', ''], ['text', 'json']],
  ['values after an equals sign', ['kube-authn', 'check', '--output', '=', 'j'], ['json']],
  ['values right after an equals sign', ['kube-authn', 'check', '--output', '='], ['text', 'json']],
  ['arguments', ['kube-authn', 'completion', ''], ['bash', 'zsh']],
  ['nothing in place of a file', ['kube-authn', 'check', ''], []],
  ['nothing in place of the file of an option', ['kube-authn', 'explain', '--token-file', ''], []],
  ['nothing of a command that does not exist', ['kube-authn', 'nope', 'x'], []],
])('offers %s', async (_, words, expected) => {
  expect(await offered(...words)).toEqual(expected)
})

it('has every command and option in the script of zsh, in balanced quotes', async () => {
  const { stdout } = await run(['completion', 'zsh'])
  expect(stdout).toMatch(/^#compdef kube-authn\n/)
  for (const each of [
    "'create token')",
    "'check:--kind'|'check:-k') compadd -- 'token-file'",
    "'--secret-file:",
    "'whoami:",
  ])
    expect(stdout).toContain(each)
  expect(stdout.replaceAll(String.raw`\'`, '').split("'").length % 2).toBe(1)
})

it('knows no other shell', async () => {
  const { stderr, exitCode } = await run(['completion', 'tcsh'])
  expect(stderr).toMatch(/^error: .*Allowed choices are bash, zsh/)
  expect(exitCode).toBe(2)
})
