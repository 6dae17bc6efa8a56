/** Numbers that plain and TLS sockets share. It holds no logic of a connection. */

/** What a socket buffers before `write()` returns `false`. Node's own was 16 KiB up to Node 20 and is 64 KiB since. */
export const highWaterMarkBytes: number = 64 * 1024;
