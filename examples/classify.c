/* SPDX-License-Identifier: Apache-2.0
 *
 * Recognizes what a picture shows:
 *
 *   classify models/lfc-w1a1/lfc-w1a1.bloom digit.pgm
 *
 * prints the class, then the score of each. The picture is a binary PGM (grey, "P5") or PPM (colour, "P6") file without
 * comments, of 8 bits and of the network's size; most picture programs write it (`convert digit.png digit.pgm`).
 */
#include <stdio.h>
#include <stdlib.h>

#include "bitloom.h"

static void fail(const char* where, const char* what) {
  fprintf(stderr, "classify: %s: %s\n", where, what);
  exit(1);
}

static void check(bitloom_status status) {
  if (status != BITLOOM_OK) fail("bitloom", bitloom_error_message());
}

static void* allocate(size_t count, size_t size) {
  void* memory = calloc(count, size);
  if (memory == NULL) fail("memory", "there is not enough");
  return memory;
}

/* The pixels of a picture of this size, [y][x][channel]. */
static uint8_t* read_picture(const char* path, int height, int width, int channels) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot open");
  int type = 0, found_width = 0, found_height = 0, highest = 0;
  const int numbers = fscanf(file, "P%1d %9d %9d %9d", &type, &found_width, &found_height, &highest);
  if (numbers != 4 || (type != 5 && type != 6) || highest != 255) fail(path, "not a binary PGM or PPM file of 8 bits");
  const int found_channels = type == 5 ? 1 : 3;
  if (found_height != height || found_width != width || found_channels != channels) {
    fprintf(stderr, "classify: %s: %d x %d x %d, the network takes %d x %d x %d\n", path, found_height, found_width,
            found_channels, height, width, channels);
    exit(1);
  }
  fgetc(file); /* the one white space after the header */
  const size_t count = (size_t)height * (size_t)width * (size_t)channels;
  uint8_t* pixels = allocate(count, 1);
  if (fread(pixels, 1, count, file) != count) fail(path, "ends too early");
  fclose(file);
  return pixels;
}

int main(int argc, char** argv) {
  if (argc != 3) fail("usage", "classify MODEL PICTURE");
  bitloom_program* program = NULL;
  bitloom_workspace* workspace = NULL;
  check(bitloom_program_load(argv[1], NULL, &program));
  check(bitloom_workspace_create(program, &workspace));

  int64_t inputs = 0, outputs = 0, names = 0;
  check(bitloom_input_count(program, &inputs));
  check(bitloom_output_count(program, &outputs));
  check(bitloom_program_class_count(program, &names));
  if (inputs != 1 || outputs != 1) fail(argv[1], "this example wants a network of one input and one output");

  int32_t height = 0, width = 0, channels = 0;
  check(bitloom_input_shape(program, 0, &height, &width, &channels));
  uint8_t* pixels = read_picture(argv[2], height, width, channels);
  const bitloom_input input = {
      .data = pixels, .count = (int64_t)height * width * channels, .type = BITLOOM_UINT8, .reserved = 0};

  check(bitloom_output_shape(program, 0, &height, &width, &channels));
  if (height != 1 || width != 1) fail(argv[1], "does not classify");
  int32_t* scores = allocate((size_t)channels, sizeof *scores);
  double* scale = allocate((size_t)channels, sizeof *scale);
  double* offset = allocate((size_t)channels, sizeof *offset);
  const bitloom_output output = {.data = scores, .count = channels};

  int32_t predicted = 0;
  check(bitloom_run(program, workspace, 1, &input, 1, &output, 1));
  check(bitloom_predicted_classes(program, 1, &output, 1, &predicted));
  check(bitloom_output_scale(program, 0, scale, offset, channels));

  printf("class %d\n", (int)predicted);
  for (int32_t i = 0; i < channels; ++i) {
    const char* name = "";
    if (i < names) check(bitloom_program_class_name(program, i, &name));
    printf("%d %s %g\n", (int)i, name, scale[i] * scores[i] + offset[i]);
  }

  free(offset);
  free(scale);
  free(scores);
  free(pixels);
  bitloom_workspace_free(workspace);
  bitloom_program_free(program);
  return 0;
}
