import { authenticatorChain, type LogEntry } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { expect, it, vi } from 'vitest'
import { explainPage } from './explain-page.ts'

it('refused visitors are in the log of the app, and explained requests are not', async () => {
  const entries: LogEntry[] = []
  const log = (entry: LogEntry): void => void entries.push(entry)
  const tokens = [tokenFile('the-token-of-ada,ada,1,admins\nthe-token-of-jane,jane,2')]
  const page = explainPage({ ...authenticatorChain({ tokens }), log }, { allow: 'admins' })
  const ask = async (token: string): Promise<number> => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      authorization: `Bearer ${token}`,
    }
    const asked = new Request('https://app/explain', { method: 'POST', headers, body: 'who=none' })
    return (await page.fetch(asked)).status
  }
  expect([await ask('wrong'), await ask('the-token-of-ada'), await ask('the-token-of-jane')]).toEqual([
    401, 200, 403,
  ])
  await vi.waitFor(() =>
    expect(entries.map(({ message }) => message)).toEqual([
      expect.stringContaining('401 POST /explain'),
      expect.stringContaining('403 POST /explain'),
    ]),
  )
})
