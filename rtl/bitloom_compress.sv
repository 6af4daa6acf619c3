// SPDX-License-Identifier: Apache-2.0
//
// Adds up columns of bits: column c holds Heights[16*c +: 16] bits of weight 2^c; combinational, modulo 2^Columns.
//
// One level of compressors, then the module again for what is left, until no column holds more than two bits; a carry chain
// adds the two rows. A group of six bits becomes three (their count), which is three LUT6. In the first level Group is 3 where
// every bit is itself a function of two signals, so that two LUT6 count three such functions without a level for them.
// bits_i has the columns one after another, column 0 lowest.
//
// Clock: a LUT level for each division of the tallest column by about 2, and a carry chain of Columns bits.
`default_nettype none

module bitloom_compress #(
  parameter int Columns = 4,
  parameter int Bits = 8,  // the sum of the heights
  parameter logic [16*Columns-1:0] Heights = {{(16 * Columns - 16) {1'b0}}, 16'd8},
  parameter int Group = 6  // the most bits a compressor takes: 3 or 6
) (
  input  logic [Bits-1:0]    bits_i,
  output logic [Columns-1:0] sum_o
);
  if (Group != 3 && Group != 6) $error("bitloom_compress: Group is 3 or 6");

  // Where column c begins in bits_i; height and offset are 0 below column 0.
  function automatic int height(input int c);
    height = (c < 0 || c >= Columns) ? 0 : 32'(Heights[16*c+:16]);
  endfunction
  function automatic int offset(input int c);
    int i;
    offset = 0;
    for (i = 0; i < c; i = i + 1) offset = offset + height(i);
  endfunction

  // How many bits of weight 2^w a column of h bits hands on. A last group of one or two bits passes as it is.
  function automatic int handed(input int h, input int w);
    int rest;
    rest = h % Group;
    handed = (w == 2 && Group == 3) ? 0 : h / Group;
    if (rest == 1 || rest == 2) handed = handed + ((w == 0) ? rest : 0);
    if (rest == 3) handed = handed + ((w < 2) ? 1 : 0);
    if (rest > 3) handed = handed + 1;
  endfunction
  function automatic int next_height(input int c);
    next_height = handed(height(c), 0) + handed(height(c - 1), 1) + handed(height(c - 2), 2);
  endfunction
  function automatic int next_offset(input int c);
    int i;
    next_offset = 0;
    for (i = 0; i < c; i = i + 1) next_offset = next_offset + next_height(i);
  endfunction
  function automatic logic [16*Columns-1:0] next_heights(input int unused);
    int i;
    next_heights = '0;
    for (i = 0; i < Columns; i = i + 1) next_heights[16*i+:16] = 16'(next_height(i) + 0 * unused);
  endfunction
  function automatic int tallest(input int unused);
    int i;
    tallest = 0 * unused;
    for (i = 0; i < Columns; i = i + 1) if (height(i) > tallest) tallest = height(i);
  endfunction

  if (Bits != offset(Columns)) $error("bitloom_compress: Bits must be the sum of Heights");

  if (tallest(0) <= 2) begin : gen_add
    logic [Columns-1:0] row0, row1;
    for (genvar c = 0; c < Columns; c++) begin : gen_column
      if (height(c) > 0) assign row0[c] = bits_i[offset(c)];
      else assign row0[c] = 1'b0;
      if (height(c) > 1) assign row1[c] = bits_i[offset(c)+1];
      else assign row1[c] = 1'b0;
    end
    assign sum_o = row0 + row1;
  end else begin : gen_level
    localparam int NextBits = next_offset(Columns);
    logic [NextBits-1:0] next;
    for (genvar c = 0; c < Columns; c++) begin : gen_column
      for (genvar k = 0; k * Group < height(c); k++) begin : gen_group
        localparam int From = offset(c) + k * Group;
        localparam int Size = (height(c) - k * Group < Group) ? height(c) - k * Group : Group;
        // In a column: first what it keeps, then the carries from the column below, then those from two below.
        if (Size <= 2) begin : gen_pass
          assign next[next_offset(c)+k+:Size] = bits_i[From+:Size];
        end else begin : gen_count
          logic [2:0] count;
          bitloom_ones #(.Width(Size)) u_ones (.bits_i(bits_i[From+:Size]), .count_o(count));
          assign next[next_offset(c)+k] = count[0];
          if (c + 1 < Columns) assign next[next_offset(c+1)+handed(height(c+1), 0)+k] = count[1];
          if (c + 2 < Columns && Size > 3)
            assign next[next_offset(c+2)+handed(height(c+2), 0)+handed(height(c+1), 1)+k] = count[2];
        end
      end
    end
    bitloom_compress #(.Columns(Columns), .Bits(NextBits), .Heights(next_heights(0)), .Group(6)) u_rest (
      .bits_i(next),
      .sum_o (sum_o)
    );
  end
endmodule

`default_nettype wire
