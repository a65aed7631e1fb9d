"""Numbers of the authors that statistics are compared with. (Numbers that only figures show are in values.yaml.)"""

# ARE in percent as printed in the authors' figure files, share of training 0.1, 0.2, ... 1
# (error on the target's last checkpoint, first 10B tokens dropped), by family and number of smallest models
ARE_FINAL = {
    "opt": {
        3: (40.47, 18.77, 18.39, 17.38, 15.83, 11.91, 9.97, 7.35, 5.63, 4.19),
        4: (55.51, 10.58, 16.20, 15.68, 14.17, 12.25, 10.69, 8.82, 7.86, 6.95),
    },
    "gpt3": {
        3: (48.28, 44.27, 40.87, 37.30, 35.29, 32.02, 29.39, 26.94, 25.05, 23.36),
        4: (0.18, 2.88, 0.38, 1.58, 3.69, 5.71, 7.68, 9.33, 9.13, 5.73),
        7: (16.74, 14.04, 12.16, 10.29, 8.59, 7.04, 5.67, 4.44, 3.31, 2.69),
    },
}
