export { prometheusBridge, type PrometheusBridge, type PromClientRegistry } from './prometheus-bridge.ts'
