// Runs middleware and listeners without sockets. An operation calls its callback with the status of the response.
import { EventEmitter } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'

class FakeSocket extends EventEmitter {
  writable = true
  destroyed = false
  encrypted = false
  remoteAddress = '127.0.0.1'
  setTimeout() {
    return this
  }
  destroy() {
    this.destroyed = true
  }
}

/** A request of Node's own class, created from its parser's output. */
function nodeRequest(rawHeaders, socket = new FakeSocket()) {
  const request = new IncomingMessage(socket)
  request.method = 'GET'
  request.url = '/'
  request.httpVersionMajor = 1
  request.httpVersionMinor = 1
  request.httpVersion = '1.1'
  // oxlint-disable-next-line no-underscore-dangle -- called by Node's parser
  request._addHeaderLines(rawHeaders, rawHeaders.length)
  return request
}

/** A response of Node's own class that reports its end. */
class EndingResponse extends ServerResponse {
  constructor(request, done) {
    super(request)
    // An own property, since Express changes the prototype of responses.
    this.end = (...rest) => {
      const result = ServerResponse.prototype.end.apply(this, rest)
      done(this.statusCode)
      return result
    }
  }
}

/** Just enough of a response for a middleware that refuses. */
class StubResponse {
  statusCode = 200
  headers = {}
  constructor(done) {
    this.done = done
  }
  setHeader(name, value) {
    this.headers[name.toLowerCase()] = value
    return this
  }
  set(name, value) {
    return this.setHeader(name, value)
  }
  appendHeader(name, value) {
    return this.setHeader(name, value)
  }
  getHeader(name) {
    return this.headers[name.toLowerCase()]
  }
  hasHeader(name) {
    return name.toLowerCase() in this.headers
  }
  removeHeader(name) {
    delete this.headers[name.toLowerCase()]
  }
  status(code) {
    this.statusCode = code
    return this
  }
  once() {
    return this
  }
  on() {
    return this
  }
  send() {
    this.end()
  }
  end() {
    this.done(this.statusCode)
  }
}

function inTurns(list) {
  let index = 0
  return () => {
    const item = list[index]
    index = index + 1 === list.length ? 0 : index + 1
    return item
  }
}

function lowerCased(rawHeaders) {
  const headers = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index].toLowerCase()
    headers[name] = name in headers ? `${headers[name]}, ${rawHeaders[index + 1]}` : rawHeaders[index + 1]
  }
  return headers
}

const PLAIN_SOCKET = { encrypted: false, remoteAddress: '127.0.0.1' }

/** A middleware of Express alone, on a light request with the prototype that Express gives it and with headers already there. */
export function expressMiddleware(app, middleware, headerSets, socketOf = () => PLAIN_SOCKET) {
  const next = inTurns(headerSets.map((raw) => ({ raw, headers: lowerCased(raw) })))
  return (done) => {
    const { raw, headers } = next()
    const request = Object.create(app.request)
    request.method = 'GET'
    request.url = '/'
    request.originalUrl = '/'
    request.httpVersionMajor = 1
    request.headers = { ...headers }
    request.rawHeaders = raw.slice()
    request.socket = socketOf()
    const response = new StubResponse(done)
    middleware(request, response, (error) =>
      done(error === undefined ? response.statusCode : (error.status ?? 500)),
    )
  }
}

/** The same with a request of Node's own: its headers are created on first read. */
export function nodeMiddleware(middleware, headerSets) {
  const next = inTurns(headerSets)
  return (done) => {
    const response = new StubResponse(done)
    middleware(nodeRequest(next().slice()), response, (error) =>
      done(error === undefined ? response.statusCode : (error.status ?? 500)),
    )
  }
}

/** A middleware of Koa alone, on a context of the app. */
export function koaMiddleware(app, middleware, headerSets) {
  const next = inTurns(headerSets)
  return (done) => {
    const ctx = app.createContext(nodeRequest(next().slice()), new StubResponse(() => {}))
    let hasPassed = false
    Promise.resolve(
      middleware(ctx, async () => {
        hasPassed = true
      }),
    ).then(
      () => done(hasPassed ? 200 : ctx.status),
      (/** @type {unknown} */ error) => done(error.status ?? 500),
    )
  }
}

/** A whole app behind `(req, res)`. */
export function listener(listen, headerSets) {
  const next = inTurns(headerSets)
  return (done) => {
    const request = nodeRequest(next().slice())
    listen(request, new EndingResponse(request, done))
  }
}

/** An operation that returns a value or a promise of one; `statusOf` checks it. */
export function call(task, statusOf = () => 200) {
  return (done) => {
    const value = task()
    if (typeof value?.then === 'function') value.then((later) => done(statusOf(later)))
    else done(statusOf(value))
  }
}
