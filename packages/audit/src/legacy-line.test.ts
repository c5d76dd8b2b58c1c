import { describe, expect, it } from 'vitest'
import type { AuditEvent } from './event.ts'
import { legacyAuditLine } from './legacy-line.ts'

const event: AuditEvent = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: 'id',
  stage: 'RequestReceived',
  requestURI: '/x?a="b"',
  verb: 'get',
  user: { username: '' },
  requestReceivedTimestamp: '2026-01-02T03:04:05.120000Z',
  stageTimestamp: '2026-01-02T03:04:05.120000Z',
}

describe('legacyAuditLine', () => {
  it('says what is not known', () => {
    expect(legacyAuditLine(event)).toBe(
      '2026-01-02T03:04:05.12Z AUDIT: id="id" stage="RequestReceived" ip="<unknown>" method="get" user="<none>" groups="<none>" ' +
        'as="<self>" asgroups="<lookup>" user-agent="" namespace="<none>" uri="/x?a=\\"b\\"" response="<deferred>"',
    )
  })

  it('says who did what to what, and stays one line whatever they are called', () => {
    const line = legacyAuditLine({
      ...event,
      user: { username: 'jane\nAUDIT', groups: ['a"', 'b'] },
      impersonatedUser: { username: 'joe', groups: ['c'] },
      sourceIPs: ['192.0.2.1', '10.0.0.1'],
      userAgent: 'curl',
      objectRef: { resource: 'pods', namespace: 'shop' },
      responseStatus: { metadata: {}, code: 403 },
      requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
    })
    expect(line).toBe(
      '2026-01-02T03:04:05Z AUDIT: id="id" stage="RequestReceived" ip="192.0.2.1" method="get" user="jane\\nAUDIT" groups="\\"a\\\\\\"\\",\\"b\\"" ' +
        'as="joe" asgroups="\\"c\\"" user-agent="curl" namespace="shop" uri="/x?a=\\"b\\"" response="403"',
    )
  })
})
