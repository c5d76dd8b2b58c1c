import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { isStatusError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { upgradeProtocol } from './forward-upgrade.ts'

const IN_POD = '/api/v1/namespaces/a/pods/b'

/** The protocol that a request may switch to, or the message of its refusal. */
function protocolFor(method: string, target: string, protocol: string, prefix = ''): string {
  const message = new IncomingMessage(new Socket())
  message.method = method
  message.url = target
  message.rawHeaders = ['Host', 'a', 'Upgrade', protocol]
  const found = upgradeProtocol(message, target, prefix)
  return isStatusError(found) ? found.message : found
}

describe('an upgrade', () => {
  it.each([
    ['GET', `${IN_POD}/exec`, 'websocket'],
    ['GET', `${IN_POD}/exec`, 'WebSocket'],
    ['POST', `${IN_POD}/exec`, 'websocket'],
    ['POST', `${IN_POD}/exec`, 'SPDY/3.1'],
    ['GET', `${IN_POD}/exec`, 'spdy/3.1'],
    ['POST', `${IN_POD}/attach`, 'SPDY/3.1'],
    ['POST', `${IN_POD}/portforward`, 'SPDY/3.1'],
    ['GET', `${IN_POD}/proxy/x`, 'websocket'],
    ['GET', '/api/v1/namespaces/a/services/b/proxy', 'websocket'],
    ['GET', '/api/v1/nodes/b/proxy', 'SPDY/3.1'],
    ['GET', `${IN_POD}/log?follow=true`, 'websocket'],
    ['GET', '/api/v1/pods?watch=true', 'WebSocket'],
    ['GET', '/apis/apps/v1/deployments?watch=1', 'websocket'],
  ])('of %s %s to %s is forwarded', (method, target, protocol) => {
    expect(protocolFor(method, target, protocol)).toBe(protocol)
    expect(protocolFor(method, `/k8s${target}`, protocol, '/k8s')).toBe(protocol)
  })

  it.each([
    ['GET', '/', 'websocket'],
    ['GET', IN_POD, 'websocket'],
    ['GET', `${IN_POD}/status`, 'websocket'],
    ['GET', '/api/v1/pods', 'websocket'],
    ['GET', '/api/v1/pods?watch=true', 'SPDY/3.1'],
    ['POST', '/api/v1/pods?watch=true', 'websocket'],
    ['GET', `${IN_POD}/log?follow=true`, 'SPDY/3.1'],
    ['POST', `${IN_POD}/log`, 'websocket'],
    ['GET', '/api/v1/nodes/b/log', 'websocket'],
    ['GET', '/api/v1/nodes/b/exec', 'websocket'],
    ['GET', '/api/v1/namespaces/a/services/b/exec', 'websocket'],
    ['GET', '/api/v1/namespaces/a/secrets/b/proxy', 'websocket'],
    ['GET', '/api/v2/namespaces/a/pods/b/exec', 'websocket'],
    ['GET', '/apis/v1/v1/namespaces/a/pods/b/exec', 'websocket'],
    ['GET', '/apis/metrics.k8s.io/v1/namespaces/a/pods/b/exec', 'websocket'],
  ])('of %s %s to %s is not', (method, target, protocol) => {
    expect(protocolFor(method, target, protocol)).toMatch(/^nothing at this path switches protocols/)
  })

  it.each([
    ['PUT', `${IN_POD}/exec`, 'websocket', /^an upgrade must be a GET or a POST/],
    ['GET', `${IN_POD}/exec`, 'h2c', /^only upgrades to websocket and SPDY/],
    ['GET', `${IN_POD}/exec`, '', /^only upgrades to websocket and SPDY/],
    ['GET', `${IN_POD}/exec`, 'websocket, h2c', /^only upgrades to websocket and SPDY/],
  ])('of %s %s to %j is not, whatever is there', (method, target, protocol, message) => {
    expect(protocolFor(method, target, protocol)).toMatch(message)
  })
})
