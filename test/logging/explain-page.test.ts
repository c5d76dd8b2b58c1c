import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))

const PROGRAM = `
  import { authenticatorChain, unavailable } from '@kube-authn/core'
  import { alwaysDeny } from '@kube-authn/core/authorization'
  import { tokenFile } from '@kube-authn/core/token-file'
  import { explainPage } from '@kube-authn/explain-page'
  const down = { name: 'down', authenticateToken(token) { if (token === 'late') throw unavailable('no answer') } }
  const chain = authenticatorChain({ tokens: [tokenFile('a,ada,1,admins'), down] })
  const page = explainPage(chain, { allow: 'admins', authorizer: alwaysDeny() })
  const ask = async (body, token = 'a') =>
    (await page.fetch(new Request('https://app/explain', { method: 'POST', body, headers: {
      'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', authorization: 'Bearer ' + token,
    } }))).status
  console.log(
    await ask('', 'wrong'),
    await ask('who=none'),
    await ask('who=token&token=late'),
    await ask('kept=current&path=/orders'),
    await ask('kept=current&as=typed&as-user=jane'),
  )`

it.each([
  ['development', ['kube-authn: 401 POST /explain']],
  ['production', []],
])('explained requests leave no line in %s', async (mode, expected) => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM],
    { cwd: folder, env: { ...process.env, NODE_ENV: mode } },
  )
  expect(stdout).toBe('401 200 200 200 200\n')
  expect(stderr.match(/^kube-authn: \d+ \w+ \S+(?=:)/gm) ?? []).toEqual(expected)
})
