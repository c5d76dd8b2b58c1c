export { webSocketProtocol } from './web-socket-protocol.ts'
