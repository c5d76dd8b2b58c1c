import { beforeAll, describe, it } from 'vitest'
import { expectLinearWorkUntil } from '../../../../test/growth.ts'
import { type Ask, askApi } from '../../test/ask-api.ts'
import { MAPS, names, some } from '../../test/long-bodies.ts'

const LISTED = 50

/** An API with so many objects for each of the length. */
async function filled(count: number): Promise<Ask> {
  const ask = await askApi()
  for (const name of names(count))
    await ask('POST', MAPS, { metadata: { name, labels: { a: name } }, data: { a: 'b' } })
  return ask
}

/** For requests that only read. */
const read = new Map<number, Ask>()
beforeAll(async () => {
  for (const count of [LISTED, LISTED * 16]) read.set(count, await filled(count))
})

describe('the work of a request for many objects', () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a list', '', {}],
    ['a page', '?limit=7', {}],
    ['a table', '', { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }],
    ['their metadata', '', { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }],
    ['protobuf', '', { accept: 'application/vnd.kubernetes.protobuf' }],
    ['YAML', '', { accept: 'application/yaml' }],
    ['a selector that selects few', '?labelSelector=a%3Dn1&limit=1', {}],
  ])('grows with how many there are: %s', async (_, query, headers) => {
    await expectLinearWorkUntil(LISTED, (count) => async () => {
      await read.get(count)?.('GET', `${MAPS}${query}`, undefined, headers)
    })
  })

  it.each<[string, string, (index: number) => string]>([
    ['labels that are not there', 'labelSelector', (index) => `!k${index}`],
    ['values of a label', 'labelSelector', (index) => `a!=k${index}`],
    ['names', 'fieldSelector', (index) => `metadata.name!=k${index}`],
  ])('grows with the length of a selector of %s', async (_, parameter, term) => {
    await expectLinearWorkUntil(60, (count) => {
      const selector = encodeURIComponent(some(count, term).join(','))
      return async () => {
        await read.get(LISTED * 16)?.('GET', `${MAPS}?${parameter}=${selector}`)
      }
    })
  })

  it('grows with how many are deleted', async () => {
    const asks = new Map<number, Ask>()
    for (const count of [LISTED, LISTED * 16]) asks.set(count, await filled(count))
    await expectLinearWorkUntil(LISTED, (count) => async () => {
      await asks.get(count)?.('DELETE', MAPS)
    })
  })
})
