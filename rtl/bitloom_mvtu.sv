// SPDX-License-Identifier: Apache-2.0
//
// Matrix-vector-threshold unit: the dot products of an input vector with all rows of a weight matrix, Pe rows and Simd columns
// a cycle, then thresholds (Levels > 0) or a bias (Levels = 0).
//
// Operands are bit planes. acc = sum over planes p, q of InCoefs[p] * WeightCoefs[q] * popcount(f(x_p, w_q)), f being XNOR or
// AND; whatever else a dot product has depends on the row only, and belongs into its thresholds or its bias.
//
// Input: Inputs/Simd words of Simd elements a vector. They are used at once for the first Pe rows, and kept for the others.
// With Groups, rows r*Outputs/Groups .. of the matrix belong to vector r of Groups that follow one another. With Depthwise every
// row has a vector of its own, and Pe of them come at once: Inputs words of Pe elements, element i for row i (Simd is 1).
// Output: Outputs/Pe words of Pe elements for each Groups vectors.
// Weights: word nf*(Inputs/Simd)+sf holds rows nf*Pe.. and columns sf*Simd..; row i, column s, plane q of it is bit
// (i*Simd+s)*WeightPlanes+q. Thresholds: word nf, Pe rows of HasDescending + max(Levels, 1) * AccBits bits, see bitloom_levels;
// with Levels = 0 the one value is the bias (no file: 0).
//
// Throughput: exactly (Inputs/Simd)*(Outputs/Pe) cycles for all rows, back to back.
// Latency: out_valid_o rises Inputs/Simd + 2 cycles after the first word was taken (counting from the cycle of its handshake),
// one more if the vector is kept (Inputs > Simd, and Outputs/Groups > Pe without Depthwise), one more if Levels > 1. in_ready_o
// depends on out_ready_i through gates only; a bitloom_fifo cuts that path.
// Clock: the counters of bitloom_compress, between registers of their own; then the accumulator's carry chain.
`default_nettype none

module bitloom_mvtu #(
  parameter int Inputs = 64,
  parameter int Outputs = 64,
  parameter int Simd = 8,
  parameter int Pe = 8,
  parameter int Groups = 1,
  parameter int Depthwise = 0,
  parameter int InPlanes = 1,
  parameter int WeightPlanes = 1,
  parameter int Xnor = 1,
  parameter logic [32*InPlanes-1:0] InCoefs = {InPlanes{32'd1}},
  parameter logic [32*WeightPlanes-1:0] WeightCoefs = {WeightPlanes{32'd1}},
  parameter int AccBits = 16,
  parameter int Levels = 1,
  parameter int OutBits = 1,
  parameter int HasDescending = 0,
  parameter logic [(Levels+1)*OutBits-1:0] Codes = ((Levels + 1) * OutBits)'(2),  // as bitloom_levels
  parameter WeightFile = "",
  parameter ThresholdFile = "",
  parameter WeightStyle = "auto",
  parameter ThresholdStyle = "auto",
  parameter int InWidth = ((Depthwise != 0) ? Pe : Simd) * InPlanes
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic [InWidth-1:0]    in_data_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  output logic [Pe*OutBits-1:0] out_data_o,
  output logic                  out_valid_o,
  input  logic                  out_ready_i
);
  if (Simd < 1 || Inputs % Simd != 0) $error("bitloom_mvtu: Simd must divide Inputs");
  if (Pe < 1 || Outputs % Pe != 0) $error("bitloom_mvtu: Pe must divide Outputs");
  if (Groups < 1 || Outputs % Groups != 0 || (Outputs / Groups) % Pe != 0)
    $error("bitloom_mvtu: Groups must divide Outputs, and Pe the outputs of a group");
  if (Depthwise != 0 && (Simd != 1 || Groups != 1)) $error("bitloom_mvtu: with Depthwise, Simd and Groups are 1");
  if (InPlanes < 1 || WeightPlanes < 1) $error("bitloom_mvtu: an operand has at least one plane");
  if (Xnor != 0 && Xnor != 1) $error("bitloom_mvtu: Xnor is 0 or 1");
  if (HasDescending != 0 && Levels == 0) $error("bitloom_mvtu: a descending row needs thresholds");

  localparam int Steps = Inputs / Simd;
  localparam int Folds = Outputs / Pe;
  localparam int Uses = (Depthwise != 0) ? 1 : Folds / Groups;  // of a vector
  localparam int Depth = Steps * Folds;
  localparam int StepBits = (Steps > 1) ? $clog2(Steps) : 1;
  localparam int FoldBits = (Folds > 1) ? $clog2(Folds) : 1;
  localparam int AddrBits = (Depth > 1) ? $clog2(Depth) : 1;
  // Small memories of one-bit weights in LUTs: a LUT reads a weight and compares it at once, and the match is registered in
  // place of the weight.
  /* verilator lint_off WIDTH */  // strings of different lengths
  localparam int Matched = (WeightStyle == "distributed" && Depth > 1 && Depth <= 32 && InPlanes == 1 && WeightPlanes == 1 &&
                            Depthwise == 0) ? 1 : 0;
  /* verilator lint_on WIDTH */
  localparam int RowBits = HasDescending + ((Levels > 1) ? Levels : 1) * AccBits;

  // The pipeline moves as a whole, unless a finished word meets one that has not been taken. Written as a sum, not as the
  // negation of a product, which would become the (low) enable of registers, and an inverter, a LUT, in front of each of them.
  logic move, finished, out_valid_q;
  assign move = out_ready_i || !(finished && out_valid_q);

  // Issue: one step, a word of weights, a cycle. A vector's first fold takes the input, the others find it kept.
  logic [StepBits-1:0] step_q;
  logic [AddrBits-1:0] issue_addr_q = '0;  // with a value, lest Yosys moves the register behind the memory
  logic filling_q, issue, step_last, vector_last;  // this fold is the vector's last
  assign in_ready_o = filling_q && move;
  assign issue = (!filling_q || in_valid_i) && move;
  assign step_last = (step_q == StepBits'(Steps - 1));
  // A counter that ends is reset, since a register has a pin for that. One that counts to 1 is the constant 0.
  logic address_last;
  assign address_last = (issue_addr_q == AddrBits'(Depth - 1));
  always_ff @(posedge clk_i) begin
    if (!rst_ni || (issue && step_last)) step_q <= '0;
    else if (issue && Steps > 1) step_q <= step_q + 1'b1;
    if (!rst_ni || (issue && address_last)) issue_addr_q <= '0;
    else if (issue && Depth > 1) issue_addr_q <= issue_addr_q + 1'b1;
    if (!rst_ni) filling_q <= 1'b1;
    else if (issue && step_last) filling_q <= vector_last;
  end
  if (Uses == 1) begin : gen_used_once
    assign vector_last = 1'b1;
  end else if (Groups == 1) begin : gen_one_group
    assign vector_last = address_last;
  end else begin : gen_groups
    localparam int UseBits = $clog2(Uses);
    logic [UseBits-1:0] use_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) use_q <= '0;
      else if (issue && step_last) use_q <= vector_last ? '0 : use_q + 1'b1;
    end
    assign vector_last = (use_q == UseBits'(Uses - 1));
  end

  // Fetch: x_q, and x_next a cycle before it, and the weights of the step.
  logic [InWidth-1:0] x_q, x_next;
  logic fetch, fetch_first, fetch_last;
  logic [AddrBits-1:0] fetch_addr;
  if (Steps > 1 && Uses > 1) begin : gen_kept
    // The input is written in one cycle and read in the next, in the first fold too: a path around the memory would cost a
    // multiplexer a bit. The next vector overwrites a word after its last reading, for both go in the order of steps.
    (* ram_style = "distributed" *) logic [InWidth-1:0] kept [Steps];
    logic fetch_q;
    logic [StepBits-1:0] fetch_step_q;
    logic [AddrBits-1:0] fetch_addr_q = '0;
    always_ff @(posedge clk_i) begin
      if (in_valid_i && in_ready_o) kept[step_q] <= in_data_i;
      if (move) begin
        fetch_step_q <= step_q;
        fetch_addr_q <= issue_addr_q;
        x_q <= x_next;
      end
      if (!rst_ni) fetch_q <= 1'b0;
      else if (move) fetch_q <= issue;
    end
    assign x_next = kept[fetch_step_q];
    assign fetch = fetch_q;
    assign fetch_addr = fetch_addr_q;
    assign fetch_first = (fetch_step_q == '0);
    assign fetch_last = (fetch_step_q == StepBits'(Steps - 1));
  end else begin : gen_direct
    always_ff @(posedge clk_i) if (in_valid_i && in_ready_o) x_q <= in_data_i;
    assign x_next = (Uses == 1 || filling_q) ? in_data_i : x_q;
    assign fetch = issue;
    assign fetch_addr = issue_addr_q;
    assign fetch_first = (step_q == '0);
    assign fetch_last = step_last;
  end

  logic [Pe*Simd*WeightPlanes-1:0] weights;
  bitloom_rom #(
    .Width(Pe * Simd * WeightPlanes), .Depth(Depth), .File(WeightFile), .Style(WeightStyle), .Registered(1 - Matched)
  ) u_weights (
    .clk_i (clk_i),
    .en_i  (move),
    .addr_i(fetch_addr),
    .data_o(weights)
  );
  logic [InWidth-1:0] x;
  logic [Pe*Simd*WeightPlanes-1:0] against;  // what the elements meet x with
  if (Matched != 0) begin : gen_matched
    logic [Pe*Simd-1:0] match_q;
    always_ff @(posedge clk_i) if (move) match_q <= (Xnor != 0) ? {Pe{x_next}} ~^ weights : {Pe{x_next}} & weights;
    assign x = '1;
    assign against = match_q;
    logic unused;
    assign unused = &{1'b0, x_q};
  end else begin : gen_unmatched
    assign x = x_q;
    assign against = weights;
    logic unused;
    assign unused = &{1'b0, x_next};
  end

  // Count, then accumulate: the flags of the step go along.
  logic count_q, count_first_q, count_last_q, sum_q, sum_first_q, sum_last_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= 1'b0;
      sum_q <= 1'b0;
    end else if (move) begin
      count_q <= fetch;
      sum_q <= count_q;
    end
    if (move) begin
      count_first_q <= fetch_first;
      count_last_q <= fetch_last;
      sum_first_q <= count_first_q;
      sum_last_q <= count_last_q;
    end
  end

  // The row's thresholds: with one threshold, or a bias, they start the sum; several meet it when it is complete.
  logic row_next;  // this cycle's `row` is that of the fold
  logic [FoldBits-1:0] fold_q, fold_d;
  logic [Pe*RowBits-1:0] rows;
  assign row_next = sum_q && sum_last_q && move;
  assign fold_d = !row_next ? fold_q : (fold_q == FoldBits'(Folds - 1)) ? '0 : fold_q + 1'b1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) fold_q <= '0;
    else fold_q <= fold_d;
  end
  bitloom_rom #(.Width(Pe * RowBits), .Depth(Folds), .File(ThresholdFile), .Style(ThresholdStyle)) u_rows (
    .clk_i (clk_i),
    .en_i  (move),
    .addr_i((Levels > 1) ? fold_q : fold_d),
    .data_o(rows)
  );

  logic [Pe*OutBits-1:0] codes;
  for (genvar i = 0; i < Pe; i++) begin : gen_pe
    localparam int X = (Depthwise != 0) ? i * InPlanes : 0;
    bitloom_pe #(
      .Simd(Simd), .InPlanes(InPlanes), .WeightPlanes(WeightPlanes), .Xnor(Xnor), .InCoefs(InCoefs),
      .WeightCoefs(WeightCoefs), .AccBits(AccBits), .Levels(Levels), .OutBits(OutBits),
      .HasDescending(HasDescending), .Codes(Codes),
      .Fused((Matched != 0 || Depth == 1) ? 0 : 1)
    ) u_pe (
      .clk_i      (clk_i),
      .move_i     (move),
      .x_i        (x[X+:Simd*InPlanes]),
      .weights_i  (against[i*Simd*WeightPlanes+:Simd*WeightPlanes]),
      .sum_i      (sum_q),
      .sum_first_i(sum_first_q),
      .row_i      (rows[i*RowBits+:RowBits]),
      .code_o     (codes[i*OutBits+:OutBits])
    );
  end

  // The end: a word of codes in a register until it is taken.
  if (Levels > 1) begin : gen_late
    logic late_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) late_q <= 1'b0;
      else if (move) late_q <= sum_q && sum_last_q;
    end
    assign finished = late_q;
  end else begin : gen_now
    assign finished = sum_q && sum_last_q;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_q <= 1'b0;
    else if (finished || out_ready_i) out_valid_q <= finished;
    if (finished && move) out_data_o <= codes;
  end
  assign out_valid_o = out_valid_q;
endmodule

`default_nettype wire
