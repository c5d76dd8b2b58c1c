import { describe, expect, it } from 'vitest'
import { minimized } from './minimized.ts'

interface Asked {
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly spec: { readonly user?: string; readonly groups?: readonly string[] }
}

const asked: Asked = {
  method: 'GET',
  headers: [
    ['Accept', '*/*'],
    ['Authorization', 'Bearer  token-of-joe'],
    ['Cookie', 'a=b'],
  ],
  spec: { user: 'joe', groups: ['a', 'b', 'c'] },
}
const isLong = ({ headers }: Asked): Promise<boolean> =>
  Promise.resolve(headers.some(([, value]) => value.includes('  ')))

describe('minimized', () => {
  it('keeps what is needed, and leaves out everything else', async () => {
    expect(
      await minimized<Partial<Asked>>(asked, new Set(), async (each) =>
        isLong({ ...asked, headers: [], ...each }),
      ),
    ).toEqual({
      headers: [['', '  ']],
    })
  })

  it('keeps fixed fields as they are', async () => {
    expect(await minimized(asked, new Set(['method', 'spec']), isLong)).toEqual({
      ...asked,
      headers: [['', '  ']],
    })
  })

  it('keeps both parts of a header', async () => {
    const { headers } = await minimized(asked, new Set(), (each) => Promise.resolve(each.headers.length > 1))
    expect(headers).toEqual([
      ['', ''],
      ['', ''],
    ])
  })

  it('finds what is not in one half', async () => {
    const isWanted = (text: string): Promise<boolean> => Promise.resolve(/a.*b/.test(text))
    expect(await minimized('xxxaxxxxxbxx', new Set(), isWanted)).toBe('ab')
  })

  it('ends where nothing can be told of a smaller one, or all of them are alike', async () => {
    expect(await minimized(asked, new Set(), () => Promise.reject(new Error('no')))).toBe(asked)
    expect(await minimized('x'.repeat(5000), new Set(), () => Promise.resolve(true))).toBe('')
  })

  it('asks a limited number of times', async () => {
    let times = 0
    const isAlike = (): Promise<boolean> => Promise.resolve(++times > 1e6)
    expect(await minimized('x'.repeat(5000), new Set(), isAlike)).toHaveLength(5000)
    expect(times).toBe(300)
  })
})
