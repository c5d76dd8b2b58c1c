import { userInfo } from '@kube-authn/core'
import { alwaysAllow, authorizeRequest, requestInfo } from '@kube-authn/core/authorization'
import { requestOf, type VectorRequest } from './request.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Expect {
  readonly requestInfo: Readonly<Record<string, unknown>>
  readonly error?: string
  readonly status?: number
  readonly bodyText?: string
  readonly contentType?: string
}

export const requestinfo: AreaRunner = reading(
  { given: 'method path headers', expect: 'requestInfo error status bodyText contentType' },
  async (vector) => {
    const { given, expect } = vector as Vector<VectorRequest, Expect>
    const { request } = requestOf(given)
    const { problem, resourceRequest, parts, ...info } = requestInfo(request)
    const differences = new Differences()
    const actual = { ...info, isResourceRequest: resourceRequest, parts: parts.length === 0 ? null : parts }
    differences.compare('request info', actual, expect.requestInfo)
    differences.compare('has an error', problem !== undefined, expect.error !== undefined)
    if (expect.error !== undefined) {
      differences.compare('error', problem?.message.endsWith(expect.error), true)
      const outcome = await authorizeRequest(alwaysAllow(), { log: false })(
        request,
        userInfo({ username: 'jane' }),
      )
      const failure = 'failure' in outcome ? outcome.failure : undefined
      differences.compare('status', failure?.status, expect.status)
      differences.compare('text', failure?.content, expect.bodyText)
      differences.compare('content type', failure?.headers['content-type'], expect.contentType)
    }
    return differences.verdict()
  },
)
