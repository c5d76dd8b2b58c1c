export { listen, type ListeningService, type ListenOptions } from './listen.ts'
