/**
 * The exports of the methods: types, ids and properties, and encoders, decoders and checks. Holds no code; all of it is
 * generated from the table in `protocol/`.
 */
export * from './generated/check/basic.ts';
export * from './generated/decode/basic.ts';
export * from './generated/decode/channel.ts';
export * from './generated/decode/confirm.ts';
export * from './generated/decode/connection.ts';
export * from './generated/decode/exchange.ts';
export * from './generated/decode/queue.ts';
export * from './generated/decode/tx.ts';
export { decodeMethod } from './generated/decode-method.ts';
export * from './generated/encode/basic.ts';
export * from './generated/encode/channel.ts';
export * from './generated/encode/confirm.ts';
export * from './generated/encode/connection.ts';
export * from './generated/encode/exchange.ts';
export * from './generated/encode/queue.ts';
export * from './generated/encode/tx.ts';
export { encodeMethod } from './generated/encode-method.ts';
export { ClassId, MethodId } from './generated/ids.ts';
export type * from './generated/method.ts';
export { methodInfo, methodName } from './generated/method-info.ts';
export { ReplyCode } from './generated/reply-code.ts';
export { methodIdAt } from './method-decoding.ts';
export type { MethodDirection, MethodInfo } from './method-info-type.ts';
