import { hashSync } from 'bcryptjs'
import { expect, it, vi } from 'vitest'
import { recorder } from '../../../test/fakes.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { passwordFile } from './password-file.ts'

/** The runtime has threads, but none may be started: as in a bundle, or under a permission model. */
vi.mock('#password-platform', () => ({
  passwordHashes: undefined,
  parentPort: null,
  cores: () => 4,
  openWorker() {
    throw Object.assign(new Error('not allowed'), { code: 'ERR_ACCESS_DENIED' })
  },
}))

it('passwords are checked where no worker thread can be started, and each file says once why', async () => {
  const { observer, events } = recorder()
  const file = passwordFile(`${hashSync('secret', 4)},jane,1`, {
    observer,
    source: 'users.csv',
    successTtlSeconds: 0,
  })
  const ask = async (password: string) =>
    (await file.authenticatePassword('jane', password, emptyContext))?.user.username
  expect(await Promise.all([ask('secret'), ask('wrong')])).toEqual(['jane', undefined])
  expect(await ask('secret')).toBe('jane')
  expect(events).toEqual([
    {
      type: 'fileNotice',
      file: 'users.csv',
      notice: {
        severity: 'advice',
        code: 'noPasswordWorkers',
        message: expect.stringContaining('no worker thread can be started (ERR_ACCESS_DENIED)'),
      },
    },
  ])
})
