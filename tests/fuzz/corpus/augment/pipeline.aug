# The later program's training recipe, at 512 × 512 pixels, with the statistics of ISIC 2017's segmentation set.
SequentialAugmentationContainer
  AugResizeDim dims=(512,512) interp="cubic" gt_interp="nearest"
  AugMirror p=0.5
  AugFlip p=0.5
  AugRotate angle=[-180, 180] interp="cubic"
  OneOfAugmentationContainer p=0.3
    AugElasticTransform alpha=[34, 40] sigma=[2, 4] interp="nearest" border_type="constant"
  end
  OneOfAugmentationContainer p=0.5
    AugBrightness beta=[0.1, 0.2]
  end
  OneOfAugmentationContainer p=0.5
    AugResizeScale scale=(1, 1.5) interp="cubic"
  end
  AugCenterCrop size=(512,512)
  AugAdditivePoissonNoise lambda=[0, 10]
  AugGammaContrast gamma=[0.5, 1.5]
  AugGaussianBlur sigma=[0, 0.8]
  AugCoarseDropout p=[0, 0.03] drop_size=[0.02, 0.05] per_channel=0.25
  AugToFloat32 divisor=255 divisor_gt=255
  AugNormalize mean=(0.67501814, 0.5663187, 0.52339128) std=(0.11092593, 0.10669603, 0.119005)
end
