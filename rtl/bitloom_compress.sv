// SPDX-License-Identifier: Apache-2.0
//
// Adds up columns of bits: column c holds Heights[16*c +: 16] bits of weight 2^c; combinational, modulo 2^Columns.
//
// A level of counters (bitloom_group), then the module again for what is left, until one carry chain can take all. A level
// takes what it can make good use of and passes the rest on:
//   * seven bits of a column, and one of each of the next two columns where there are some, into a group of 5: up to 9 bits
//     become 4 with three LUTs. Without bits in the next columns only every 13th bit of a column begins one, for there will be
//     some after this level;
//   * five bits of a column and one of the next into a group of 3: 6 bits become 3 with two LUTs;
//   * where neither is possible, one chain through the columns, that takes from each what it can.
// Against a search over all orders this takes about a tenth more LUTs: 0.66 a bit from 64 bits on.
//
// Clock: a level more for each division of the tallest column by about 2, each a LUT and a carry chain of 4 bits; then a carry
// chain of Columns bits.
`default_nettype none

module bitloom_compress #(
  parameter int Columns = 4,
  parameter int Bits = 8,  // the sum of the heights
  parameter logic [16*Columns-1:0] Heights = {{(16 * Columns - 16) {1'b0}}, 16'd8}
) (
  input  logic [Bits-1:0]    bits_i,
  output logic [Columns-1:0] sum_o
);
  // Where column c begins in bits_i; height and offset are 0 below column 0.
  function automatic int height(input int c);
    height = (c < 0 || c >= Columns) ? 0 : 32'(Heights[16*c+:16]);
  endfunction
  function automatic int offset(input int c);
    int i;
    offset = 0;
    for (i = 0; i < c; i = i + 1) offset = offset + height(i);
  endfunction
  function automatic int smaller(input int a, input int b);
    smaller = (a < b) ? a : b;
  endfunction
  function automatic int larger(input int a, input int b);
    larger = (a > b) ? a : b;
  endfunction

  if (Bits != offset(Columns)) $error("bitloom_compress: Bits must be the sum of Heights");

  // A chain from column `from` upwards: what it does at each column, 4 bits each. Afterwards column by column
  //   1: adds up to two bits;  2: begins a group of 3, 3: its second column;  4: begins a group of 5, 5 and 6: the next two.
  // The first column takes a bit more, as the carry. With `whole` the chain must take all bits, and what it cannot take gets
  // code 15; else it takes full groups only, and ends (0) before the first column that has less than two bits.
  function automatic logic [4*Columns+11:0] chain(input int from, input int whole);
    int c, have, two, three, kind;
    chain = '0;
    c = from;
    while (c < Columns) begin
      have = height(c) - ((c == from) ? 1 : 0);
      two = height(c + 1);
      three = height(c + 2);
      if (whole != 0) begin
        kind = (have <= 2) ? 1 : (have <= 4 && two <= 1) ? 2 : (have <= 6 && two <= 1 && three <= 1) ? 4 : 15;
      end else begin
        kind = (have >= 6) ? 4 : (have >= 4) ? 2 : (have >= 2) ? 1 : 0;
      end
      chain[4*c+:4] = 4'(kind);
      if (kind == 2 || kind == 4) chain[4*c+4+:4] = 4'(kind + 1);
      if (kind == 4) chain[4*c+8+:4] = 4'd6;
      c = (kind == 0 || kind == 15) ? Columns : (kind == 4) ? c + 3 : (kind == 2) ? c + 2 : c + 1;
    end
  endfunction
  function automatic int takes_all(input int unused);
    logic [4*Columns+11:0] kinds;
    int c;
    kinds = chain(0, 1);
    takes_all = 1 + 0 * unused;
    for (c = 0; c < Columns; c = c + 1) if (kinds[4*c+:4] == 4'd15) takes_all = 0;
  endfunction

  // A level's counters, column by column: 16 bits each for
  //   0: groups of 5 that begin here; 1, 2: how many of them take a bit of the next column, and of the one after that;
  //   3: groups of 3 that begin here (all take a bit of the next column); 4: bits passed on.
  function automatic logic [80*Columns-1:0] level(input int unused);
    logic [16*Columns+31:0] left;
    int c, have, here, fives, threes, one, two, below;
    level = '0;
    left = (16 * Columns + 32)'(Heights);
    for (c = 0; c < Columns; c = c + 1) begin
      have = 32'(left[16*c+:16]);
      one = 32'(left[16*c+16+:16]);
      two = 32'(left[16*c+32+:16]);
      below = 0 * unused;  // what lower columns' counters hand on to this one
      for (here = 1; here < 4; here = here + 1)
        if (here <= c) begin
          if (here < 3) below = below + 32'(level[80*(c-here)+:16]) + 32'(level[80*(c-here)+48+:16]);
          else below = below + larger(32'(level[80*(c-here)+16+:16]), 32'(level[80*(c-here)+32+:16]));
        end
      fives = larger(larger(one, two), (height(c) + 12) / 13 - below);
      fives = smaller(have / 7, fives);
      one = smaller(one, fives);
      two = smaller(two, fives);
      have = have - 7 * fives;
      threes = smaller(have / 5, 32'(left[16*c+16+:16]) - one);
      left[16*c+16+:16] = 16'(32'(left[16*c+16+:16]) - one - threes);
      left[16*c+32+:16] = 16'(32'(left[16*c+32+:16]) - two);
      level[80*c+:16] = 16'(fives);
      level[80*c+16+:16] = 16'(one);
      level[80*c+32+:16] = 16'(two);
      level[80*c+48+:16] = 16'(threes);
      level[80*c+64+:16] = 16'(have - 5 * threes);
    end
  endfunction
  function automatic int tall(input int unused);  // the lowest column with more than two bits
    int c;
    tall = 0 * unused;
    for (c = Columns - 1; c >= 0; c = c - 1) if (height(c) > 2) tall = c;
  endfunction

  localparam logic [80*Columns-1:0] Level = level(0);
  function automatic int counters(input int unused);
    int c;
    counters = 0 * unused;
    for (c = 0; c < Columns; c = c + 1) counters = counters + 32'(Level[80*c+:16]) + 32'(Level[80*c+48+:16]);
  endfunction

  localparam int Whole = takes_all(0);
  localparam int Chained = (Whole != 0 || counters(0) == 0) ? 1 : 0;
  localparam int From = (Whole != 0) ? 0 : tall(0);
  localparam logic [4*Columns+11:0] Kinds = chain(From, Whole);

  function automatic int kind(input int c);
    kind = 32'(Kinds[4*c+:4]);
  endfunction
  // Bits of a column that the chain takes.
  function automatic int taken(input int c);
    int want;
    want = (kind(c) == 1) ? 2 : (kind(c) == 2) ? 4 : (kind(c) == 4) ? 6 : (kind(c) == 0) ? 0 : 1;
    taken = (Whole != 0 || kind(c) == 0) ? ((kind(c) == 0) ? 0 : height(c)) : smaller(height(c), want + ((c == From) ? 1 : 0));
  endfunction
  function automatic int chain_end(input int unused);  // the first column after it
    int c;
    chain_end = Columns + 0 * unused;
    for (c = Columns - 1; c >= From; c = c - 1) if (kind(c) == 0) chain_end = c;
  endfunction
  localparam int End = chain_end(0);
  localparam int Carry = (End < Columns) ? 1 : 0;

  function automatic int chain_height(input int c);
    chain_height = height(c) - taken(c) + ((c >= From && c < End + Carry) ? 1 : 0);
  endfunction

  function automatic int fives(input int c);
    fives = (c < 0) ? 0 : 32'(Level[80*c+:16]);
  endfunction
  function automatic int ones(input int c);  // groups of 5 with a bit of the next column
    ones = (c < 0) ? 0 : 32'(Level[80*c+16+:16]);
  endfunction
  function automatic int twos(input int c);
    twos = (c < 0) ? 0 : 32'(Level[80*c+32+:16]);
  endfunction
  function automatic int threes(input int c);
    threes = (c < 0) ? 0 : 32'(Level[80*c+48+:16]);
  endfunction
  function automatic int passed(input int c);
    passed = 32'(Level[80*c+64+:16]);
  endfunction
  // A group of 5 has a fourth bit in its sum where it takes more than seven times weight 1.
  function automatic int fourths(input int c);
    fourths = larger(ones(c), twos(c));
  endfunction
  function automatic int level_height(input int c);
    level_height = passed(c) + fives(c) + threes(c) + fives(c - 1) + threes(c - 1) + fives(c - 2) + threes(c - 2) +
                  fourths(c - 3);
  endfunction

  function automatic int next_height(input int c);
    next_height = (Chained != 0) ? chain_height(c) : level_height(c);
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
  // Where the sums of the counters that begin in column c - back lie in column c: after what is passed on, lower columns
  // last; groups of 5 before groups of 3.
  function automatic int sums(input int c, input int back);
    int i;
    sums = next_offset(c) + passed(c);
    for (i = 0; i < back; i = i + 1) sums = sums + fives(c - i) + threes(c - i);
  endfunction

  localparam int NextBits = next_offset(Columns);
  logic [NextBits-1:0] next;
  if (Chained != 0) begin : gen_chain
    // A sum as in bitloom_group: row0 takes the way past the LUTs; below the lowest column the carry comes in.
    logic [End-From+1:0] row0, row1, sum;
    logic carry;
    if (taken(From) > 0) assign carry = bits_i[offset(From)];
    else assign carry = 1'b0;
    assign row0[0] = carry;
    assign row1[0] = 1'b0;
    assign row0[End-From+1] = 1'b0;
    assign row1[End-From+1] = 1'b0;
    for (genvar c = From; c < End; c++) begin : gen_column
      localparam int First = (c == From) ? 1 : 0;
      localparam int Size = (kind(c) == 4) ? 5 : (kind(c) == 2) ? 3 : 1;  // of the group
      if (taken(c) > First) assign row0[c-From+1] = bits_i[offset(c)+First];
      else assign row0[c-From+1] = 1'b0;
      if (kind(c) == 1) begin : gen_one
        if (taken(c) > First + 1) assign row1[c-From+1] = bits_i[offset(c)+First+1];
        else assign row1[c-From+1] = 1'b0;
      end else if (kind(c) == 2 || kind(c) == 4) begin : gen_group
        localparam int Got = (taken(c) - First - 1 < Size) ? taken(c) - First - 1 : Size;
        logic [2:0] count;
        bitloom_ones #(.Width(Got)) u_ones (.bits_i(bits_i[offset(c)+First+1+:Got]), .count_o(count));
        assign row1[c-From+1] = count[0];
        if (c + 1 < End) assign row1[c-From+2] = count[1];
        if (c + 2 < End && Size == 5) assign row1[c-From+3] = count[2];
        logic unused;
        assign unused = &{1'b0, count};
      end
    end
    assign sum = row0 - ~row1;

    if (Whole != 0) begin : gen_done
      assign sum_o = sum[Columns:1];
    end else begin : gen_pass
      for (genvar c = 0; c < Columns; c++) begin : gen_column
        localparam int Passed = height(c) - taken(c);
        if (Passed > 0) assign next[next_offset(c)+:Passed] = bits_i[offset(c)+taken(c)+:Passed];
        if (c >= From && c < End + Carry) assign next[next_offset(c)+Passed] = sum[c-From+1];
      end
    end
    logic unused;
    assign unused = &{1'b0, sum};
  end else begin : gen_level
    for (genvar c = 0; c < Columns; c++) begin : gen_column
      // In a column first the bits for groups of lower columns, then those for its own, then the passed ones.
      localparam int Own = offset(c) + twos(c - 2) + ones(c - 1) + threes(c - 1);
      for (genvar k = 0; k < fives(c); k++) begin : gen_five
        localparam int At = Own + 7 * k;
        logic [2:0] add;
        logic [3:0] sum;
        assign add[0] = bits_i[At+5];
        if (k < ones(c)) assign add[1] = bits_i[offset(c+1)+twos(c-1)+k];
        else assign add[1] = 1'b0;
        if (k < twos(c)) assign add[2] = bits_i[offset(c+2)+k];
        else assign add[2] = 1'b0;
        bitloom_group #(.Size(5)) u_group (.group_i(bits_i[At+:5]), .add_i(add), .carry_i(bits_i[At+6]), .sum_o(sum));
        assign next[sums(c, 0)+k] = sum[0];
        if (c + 1 < Columns) assign next[sums(c+1, 1)+k] = sum[1];
        if (c + 2 < Columns) assign next[sums(c+2, 2)+k] = sum[2];
        if (c + 3 < Columns && k < fourths(c)) assign next[sums(c+3, 3)+k] = sum[3];
        logic unused;
        assign unused = &{1'b0, sum};
      end
      for (genvar k = 0; k < threes(c); k++) begin : gen_three
        localparam int At = Own + 7 * fives(c) + 5 * k;
        logic [2:0] sum;
        bitloom_group #(.Size(3)) u_group (
          .group_i(bits_i[At+:3]),
          .add_i  ({bits_i[offset(c+1)+twos(c-1)+ones(c)+k], bits_i[At+3]}),
          .carry_i(bits_i[At+4]),
          .sum_o  (sum)
        );
        assign next[sums(c, 0)+fives(c)+k] = sum[0];
        if (c + 1 < Columns) assign next[sums(c+1, 1)+fives(c)+k] = sum[1];
        if (c + 2 < Columns) assign next[sums(c+2, 2)+fives(c)+k] = sum[2];
        logic unused;
        assign unused = &{1'b0, sum};
      end
      if (passed(c) > 0) begin : gen_pass
        assign next[next_offset(c)+:passed(c)] = bits_i[offset(c+1)-passed(c)+:passed(c)];
      end
    end
  end

  if (Whole == 0) begin : gen_rest
    bitloom_compress #(.Columns(Columns), .Bits(NextBits), .Heights(next_heights(0))) u_rest (
      .bits_i(next),
      .sum_o (sum_o)
    );
  end else begin : gen_none
    assign next = '0;
    logic unused;
    assign unused = &{1'b0, next};
  end
endmodule

`default_nettype wire
