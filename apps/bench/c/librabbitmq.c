/*
 * The C client librabbitmq by its cheapest documented use: one run, arguments as in child.ts:
 * url queue mode count size window. Prints what child.ts prints.
 */
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else /* before 0.12 */
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { channel = 1, prefetch = 500 };

static void fail(const char *what) {
  fprintf(stderr, "librabbitmq: %s failed\n", what);
  exit(1);
}

static void check(amqp_rpc_reply_t reply, const char *what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static double cpu_microseconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void publish(amqp_connection_state_t connection, amqp_bytes_t queue, long count, long size, long window) {
  amqp_bytes_t body = amqp_bytes_malloc(size);
  int confirms = window > 0;
  long sent = 0;
  long confirmed = 0; /* All up to this tag; a classic queue on one node confirms in order. */
  memset(body.bytes, 0, size);
  if (confirms) {
    amqp_confirm_select(connection, channel);
    check(amqp_get_rpc_reply(connection), "confirm.select");
  }
  while (confirmed < count) {
    while (sent < count && (!confirms || sent - confirmed < window)) {
      sent++;
      if (amqp_basic_publish(connection, channel, amqp_empty_bytes, queue, 0, 0, NULL, body) != AMQP_STATUS_OK)
        fail("basic.publish");
    }
    if (!confirms) break;
    amqp_frame_t frame;
    if (amqp_simple_wait_frame(connection, &frame) != AMQP_STATUS_OK) fail("waiting for a confirm");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("a confirm");
    amqp_basic_ack_t *ack = frame.payload.method.decoded;
    if ((long)ack->delivery_tag > confirmed) confirmed = ack->delivery_tag;
    amqp_maybe_release_buffers(connection);
  }
  if (!confirms) {
    amqp_queue_declare(connection, channel, queue, 1, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "queue.declare");
  }
}

static void consume(amqp_connection_state_t connection, amqp_bytes_t queue, long count, int no_ack) {
  if (!no_ack) {
    amqp_basic_qos(connection, channel, 0, prefetch, 0);
    check(amqp_get_rpc_reply(connection), "basic.qos");
  }
  amqp_basic_consume(connection, channel, queue, amqp_empty_bytes, 0, no_ack, 0, amqp_empty_table);
  check(amqp_get_rpc_reply(connection), "basic.consume");
  for (long left = count; left > 0; left--) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    check(amqp_consume_message(connection, &envelope, NULL, 0), "consuming");
    if (!no_ack && amqp_basic_ack(connection, channel, envelope.delivery_tag, 0) != AMQP_STATUS_OK) fail("basic.ack");
    amqp_destroy_envelope(&envelope);
  }
}

int main(int argc, char **argv) {
  if (argc != 7) fail("reading url queue mode count size window");
  struct amqp_connection_info info;
  amqp_bytes_t queue = amqp_cstring_bytes(argv[2]);
  const char *mode = argv[3];
  long count = atol(argv[4]);
  long size = atol(argv[5]);
  long window = atol(argv[6]);
  if (amqp_parse_url(argv[1], &info) != AMQP_STATUS_OK) fail("reading the url");
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t *socket = info.ssl ? amqp_ssl_socket_new(connection) : amqp_tcp_socket_new(connection);
  if (info.ssl) { /* The certificate is made for the run, and what verifying costs is not measured. */
    amqp_ssl_socket_set_verify_peer(socket, 0);
    amqp_ssl_socket_set_verify_hostname(socket, 0);
  }
  if (socket == NULL || amqp_socket_open(socket, info.host, info.port) != AMQP_STATUS_OK) fail("connecting");
  check(amqp_login(connection, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password), "login");
  amqp_channel_open(connection, channel);
  check(amqp_get_rpc_reply(connection), "channel.open");

  double cpu_before = cpu_microseconds();
  double started = seconds();
  if (strcmp(mode, "publish") == 0) publish(connection, queue, count, size, window);
  else if (strcmp(mode, "publish-ignored") == 0) publish(connection, queue, count, size, 0 /* no confirms */);
  else if (strcmp(mode, "consume-ack") == 0) consume(connection, queue, count, 0);
  else if (strcmp(mode, "consume-no-ack") == 0) consume(connection, queue, count, 1);
  else fail("reading the mode");
  double took = seconds() - started;
  double cpu = cpu_microseconds() - cpu_before;

  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"seconds\":%f,\"cpuMicroseconds\":%f,\"rssBytes\":%ld}\n", took, cpu, used.ru_maxrss * 1024L);
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
  return 0;
}
